/** A process that imports undici and does nothing with it. */
import 'undici'

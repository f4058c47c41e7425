//! Remembers the commands that one call has started in a sandbox. Vercel's own list of them may lag.

use std::sync::{Mutex, PoisonError};

use crate::context::random::Random;
use crate::error::{Error, Result};
use crate::secret::Secret;

/// The role of the command that installs the daemon. A role is the shell's `$0`: it tells our commands from others.
pub(super) const INSTALL: &str = "computesdk-install";

/// The prefix of the role of the command that waits for the daemon.
const READY: &str = "computesdk-ready";

/// The commands of one call.
pub(super) struct StartedCommands {
    /// The role of this call's own waiting command. The success of an earlier call's command proves nothing now.
    pub(super) ready_role: String,
    state: Mutex<State>,
}

/// The commands that the call knows of.
#[derive(Clone, Default)]
pub(super) struct State {
    /// Whether this call has just created the sandbox and sent no command, so that none runs in it.
    pub(super) none_yet: bool,
    /// The id of the installing command.
    pub(super) install: Option<String>,
    /// The id of the waiting command.
    pub(super) ready: Option<String>,
    /// Whether the waiting command was sent, with or without a response.
    pub(super) ready_sent: bool,
    /// The variables that a command gets.
    pub(super) variables: Vec<(String, Secret)>,
}

impl StartedCommands {
    /// Makes the state of a call that has started no command.
    pub(super) fn new(random: &dyn Random) -> Result<Self> {
        let mut bytes = [0_u8; 8];
        random
            .fill(&mut bytes)
            .map_err(|error| Error::internal(format!("A command could not be named: {error}.")))?;
        Ok(Self {
            ready_role: format!("{READY}-{:016x}", u64::from_le_bytes(bytes)),
            state: Mutex::default(),
        })
    }

    /// Returns what the call knows.
    pub(super) fn state(&self) -> State {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Changes what the call knows.
    pub(super) fn update(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

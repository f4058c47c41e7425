/** Which objects have a name. Where several have one, the oldest counts as its holder. */
export class Names {
  #objects = new Map()

  add(object) {
    this.#objects.set(object.name, [...this.#named(object.name), object])
  }

  delete(object) {
    const others = this.#named(object.name).filter((other) => other !== object)
    if (others.length > 0) this.#objects.set(object.name, others)
    else this.#objects.delete(object.name)
  }

  /** Returns the object that has the name, if there is one. */
  holderOf(name) {
    return this.#named(name)[0]
  }

  #named(name) {
    return this.#objects.get(name) ?? []
  }
}

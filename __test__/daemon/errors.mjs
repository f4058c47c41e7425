// Refusals, as the client gets them.

/** A refusal. */
export class Refusal extends Error {
  constructor(status, message) {
    super(message)
    this.status = status
  }
}

export const badRequest = (message) => new Refusal(400, message)
export const notFound = (message) => new Refusal(404, message)

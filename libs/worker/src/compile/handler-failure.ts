/**
 * A handler that did not come to its end, as a value: compiled handlers return it, so that what a filter made of an
 * exception and the exception itself stay together.
 */
export class HandlerFailure {
  constructor(
    readonly error: unknown,
    /** Thrown, or said, by a guard. */
    readonly isDenied: boolean,
    /** What the exception filter returned (undefined too), in a box; without a box no filter took the exception. */
    readonly filtered?: { readonly value: unknown },
  ) {}
}

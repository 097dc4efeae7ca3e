/**
 * One value of a serialized text, as places in its bytes. Nothing is decoded.
 *
 * PHP numbers the values of a text from 1, in the order in which they begin: these are the slots that `R:n;`
 * (the same variable) and `r:n;` (the same object) point at. An `r:` has a slot itself, an `R:` has not (0).
 */
interface PhpNodeBase {
  readonly slot: number;
  readonly start: number;
  end: number;
}
export interface PhpNull extends PhpNodeBase {
  readonly type: 'null';
}
/** A number or a boolean: the digits; a string, or the `Enum:Case` of an enum: the bytes between the quotes. */
export interface PhpText extends PhpNodeBase {
  readonly type: 'bool' | 'int' | 'float' | 'string' | 'enum';
  from: number;
  to: number;
}
export interface PhpArray extends PhpNodeBase {
  readonly type: 'array' | 'object';
  readonly keys: PhpKey[];
  readonly values: PhpNode[];
}
/**
 * `C:`, an object that wrote itself. When its payload is made of serialized values, they have slots in the
 * text around them (PHP shares the count with a nested serialize()); otherwise `values` is empty.
 */
export interface PhpCustom extends PhpNodeBase {
  readonly type: 'custom';
  /** Where the announced length of the payload begins. */
  lengthAt: number;
  from: number;
  to: number;
  values: PhpNode[];
}
/** `r:n;`, the object of another slot. */
export interface PhpInstance extends PhpNodeBase {
  readonly type: 'instance';
  readonly target: PhpSlotted;
}
/** `R:n;`, the variable of another slot. */
export interface PhpVariable extends PhpNodeBase {
  readonly type: 'variable';
  readonly target: PhpSlotted;
}
export type PhpSlotted = PhpNull | PhpText | PhpArray | PhpCustom | PhpInstance;
export type PhpNode = PhpSlotted | PhpVariable;

export interface PhpKey {
  /** Where the key begins, and where it ends with its semicolon. */
  readonly start: number;
  readonly end: number;
  readonly isInt: boolean;
  /** The digits, or the bytes between the quotes. */
  readonly from: number;
  readonly to: number;
}

export interface PhpDocument {
  readonly bytes: Buffer;
  readonly root: PhpNode;
  readonly hasReferences: boolean;
}

/** The digits of an integer as PHP writes it: without plus, leading zeros or minus zero. */
export function canonicalInt(digits: string): string {
  return digits.length < 16 ? String(Number(digits)) : BigInt(digits).toString();
}

/** Equal for two keys that PHP takes for the same: `i:5;` and `s:1:"5";` are, `s:2:"05";` is another. */
export function keyIdentity(bytes: Buffer, key: PhpKey): string {
  const text = bytes.toString('latin1', key.from, key.to);
  return key.isInt ? canonicalInt(text) : text;
}

/** The object behind a slot, or undefined when it holds no object. */
export function objectAt(node: PhpNode): PhpArray | PhpCustom | PhpText | undefined {
  let at = node;
  while (at.type === 'instance' || at.type === 'variable') at = at.target;
  return at.type === 'object' || at.type === 'custom' || at.type === 'enum' ? at : undefined;
}

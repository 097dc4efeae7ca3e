import { joinOwned, malformed } from './bytes.js';
import { keyIdentity, objectAt } from './php-nodes.js';
import type { PhpDocument, PhpKey, PhpNode } from './php-nodes.js';
import { MAX_NESTING } from './session-codec.js';

interface MergeEntry {
  readonly document: PhpDocument;
  readonly key: PhpKey;
  readonly value: PhpNode;
}

/** The top-level entries of all texts, later ones replacing earlier ones in their place, as one array. */
export function mergePhp(documents: readonly PhpDocument[]): Buffer {
  const merged = new Map<string, MergeEntry>();
  for (const document of documents) {
    const { root, bytes } = document;
    if (root.type !== 'array') continue;
    for (const [index, value] of root.values.entries()) {
      const key = root.keys[index];
      if (key !== undefined) merged.set(keyIdentity(bytes, key), { document, key, value });
    }
  }
  if (merged.size === 0) return joinOwned([]);

  const target: MergeTarget = { parts: [Buffer.from(`a:${merged.size}:{`)], slots: 1 };
  const copiers = new Map(documents.map((document) => [document, new ValueCopier(document, target)]));
  for (const { document, key, value } of merged.values()) {
    copiers.get(document)?.copy(key, value);
  }
  target.parts.push(Buffer.from('}'));
  return joinOwned(target.parts);
}

interface MergeTarget {
  readonly parts: Buffer[];
  /** How many values the new text has, its root included: the next one gets the slot after it. */
  slots: number;
}

/**
 * Copies values of one text into the new one, and gives references the number that their target has there.
 *
 * A target whose entry was replaced is not in the new text. In PHP the variables that shared it keep the old
 * value, so the first reference to it is written as that value, and the others refer to the first. Each value
 * is written at most once, so the new text cannot outgrow the old ones.
 */
class ValueCopier {
  readonly #document: PhpDocument;
  readonly #target: MergeTarget;
  /** New slot of each variable, by old slot: what `R:` means. */
  readonly #variables = new Map<number, number>();
  /** New slot of each object, by old slot: what `r:` means. Several variables can hold one object. */
  readonly #objects = new Map<number, number>();

  constructor(document: PhpDocument, target: MergeTarget) {
    this.#document = document;
    this.#target = target;
  }

  copy(key: PhpKey, value: PhpNode): void {
    if (this.#document.hasReferences) {
      this.#span(key.start, key.end);
      this.#variable(value, 2);
    } else {
      this.#span(key.start, value.end);
      this.#target.slots += countSlots(value);
    }
  }

  #variable(node: PhpNode, depth: number): void {
    const { slot } = node.type === 'variable' ? node.target : node;
    const known = this.#variables.get(slot);
    if (known !== undefined) return this.#write(`R:${known};`);
    this.#target.slots += 1;
    this.#variables.set(slot, this.#target.slots);
    this.#content(node, depth);
  }

  #content(node: PhpNode, depth: number): void {
    const object = objectAt(node);
    if (object === undefined) {
      this.#body(node.type === 'variable' ? node.target : node, depth);
      return;
    }
    const known = this.#objects.get(object.slot);
    if (known !== undefined) return this.#write(`r:${known};`);
    this.#objects.set(object.slot, this.#target.slots);
    this.#body(object, depth);
  }

  #body(node: PhpNode, depth: number): void {
    if (!('values' in node)) return this.#span(node.start, node.end);
    // Old values that move into each other can nest deeper than either text did.
    if (depth > MAX_NESTING) {
      throw malformed('PHP', `references beyond ${MAX_NESTING} levels`, node.start);
    }
    if (node.type === 'custom') return this.#custom(node, depth);
    this.#children(node.start, node.values, node.end, depth);
  }

  /** The length that a `C:` announces changes with the numbers inside. */
  #custom(node: PhpNode & { type: 'custom' }, depth: number): void {
    this.#span(node.start, node.lengthAt);
    const { parts } = this.#target;
    const before = parts.push(Buffer.alloc(0));
    this.#children(node.from, node.values, node.to, depth);
    const size = parts.slice(before).reduce((sum, part) => sum + part.length, 0);
    parts[before - 1] = Buffer.from(`${size}:{`);
    this.#write('}');
  }

  #children(start: number, children: readonly PhpNode[], end: number, depth: number): void {
    let at = start;
    for (const child of children) {
      this.#span(at, child.start);
      this.#variable(child, depth + 1);
      at = child.end;
    }
    this.#span(at, end);
  }

  #span(start: number, end: number): void {
    if (end > start) this.#target.parts.push(this.#document.bytes.subarray(start, end));
  }

  #write(text: string): void {
    this.#target.parts.push(Buffer.from(text));
  }
}

/** How many slots a value without references takes. */
function countSlots(node: PhpNode): number {
  if (!('values' in node)) return 1;
  return node.values.reduce((sum, child) => sum + countSlots(child), 1);
}

const ID_LENGTH = 16;
const LEAST_TAG_LENGTH = 4;
const HUES = 8;

/** Somebody, by the uid that the chat gives: an id that cannot be chosen, a dot, and the name, which can. */
export function personOf({ uid, name }) {
  return { id: uid.slice(0, ID_LENGTH), uid, name };
}

/** What two names have in common that look the same. */
function fold(name) {
  return name.normalize('NFKC').replaceAll('\uFE0F', '').toLowerCase();
}

/** For each person whose name somebody else has, too: as much of the id as tells them apart. */
export function tagsOf(people) {
  const namesakes = new Map();
  for (const { id, name } of people) {
    const key = fold(name);
    namesakes.set(key, (namesakes.get(key) ?? new Set()).add(id));
  }
  const tags = new Map();
  for (const ids of namesakes.values()) {
    if (ids.size < 2) continue;
    const length = tagLength([...ids]);
    for (const id of ids) tags.set(id, id.slice(0, length));
  }
  return tags;
}

function tagLength(ids) {
  let length = LEAST_TAG_LENGTH;
  while (new Set(ids.map((id) => id.slice(0, length))).size < ids.length) length++;
  return length;
}

/** One or two characters that stand for a name. */
export function initialsOf(name) {
  const words = name.split(/[\s._-]+/).filter((word) => word !== '');
  const letters = words.length > 1 ? [words[0], words.at(-1)] : [words[0] ?? name];
  return letters.map(firstCharacter).join('').toUpperCase();
}

/** What people take for one character may be several code points. */
const segmenter = typeof Intl.Segmenter === 'function' ? new Intl.Segmenter() : undefined;

function firstCharacter(text) {
  if (segmenter === undefined) return [...text][0] ?? '';
  for (const { segment } of segmenter.segment(text)) return segment;
  return '';
}

/** The same colour for the same person everywhere: two with one name are hardly ever of one colour. */
export function hueOf(id) {
  let sum = 0;
  for (const character of id) sum = (sum * 31 + character.charCodeAt(0)) >>> 0;
  return sum % HUES;
}

/** Everything that others wrote goes through `textContent` here: nothing in these modules makes HTML of a text. */

export function byId(id) {
  return document.getElementById(id);
}

/** A copy of a template's element, with its parts by name. */
export function take(templateId) {
  const element = byId(templateId).content.firstElementChild.cloneNode(true);
  const parts = {};
  for (const part of element.querySelectorAll('[data-part]')) parts[part.dataset.part] = part;
  return { element, parts };
}

/** Only when it differs: a text that is set again is read out again. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * Makes the children of a list be those of the items, in order, and keeps elements, and with them the focus, of items that
 * were there before.
 */
export function fill(list, items, keyOf, create, update) {
  const known = new Map([...list.children].map((child) => [child.dataset.key, child]));
  let at = list.firstElementChild;
  for (const item of items) {
    const key = keyOf(item);
    let element = known.get(key);
    if (element === undefined) {
      element = create(item);
      element.dataset.key = key;
    } else known.delete(key);
    update(element, item);
    if (element === at) at = at.nextElementSibling;
    else list.insertBefore(element, at);
  }
  for (const gone of known.values()) gone.remove();
}

const ADDRESS = /https?:\/\/[^\s<>"]+[^\s<>".,;:!?)\]}']/g;

/** The text, with the web addresses in it as links. */
export function fillText(element, text) {
  const nodes = [];
  let from = 0;
  for (const { 0: address, index } of text.matchAll(ADDRESS)) {
    nodes.push(text.slice(from, index), linkTo(address));
    from = index + address.length;
  }
  element.replaceChildren(...nodes, text.slice(from));
}

function linkTo(address) {
  const link = document.createElement('a');
  link.href = address;
  link.target = '_blank';
  link.rel = 'noopener noreferrer nofollow';
  link.textContent = address;
  return link;
}

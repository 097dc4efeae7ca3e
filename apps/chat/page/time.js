const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const weekday = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'medium' });

export function timeText(atMs) {
  return clock.format(atMs);
}

export function fullText(atMs) {
  return full.format(atMs);
}

export function isSameDay(oneMs, otherMs) {
  return new Date(oneMs).toDateString() === new Date(otherMs).toDateString();
}

export function dayText(atMs, nowMs = Date.now()) {
  if (isSameDay(atMs, nowMs)) return 'Today';
  const yesterday = new Date(nowMs);
  yesterday.setDate(yesterday.getDate() - 1);
  return isSameDay(atMs, yesterday.getTime()) ? 'Yesterday' : weekday.format(atMs);
}

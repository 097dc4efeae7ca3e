import { Transform } from 'class-transformer';
import { Matches } from 'class-validator';

/** Lengths in characters (code points), after trimming. The page is told them when it connects. */
export const LIMITS = { name: 24, room: 32, text: 2_000, roomsPerClient: 20 } as const;

/** Nothing that controls, hides or turns text around: a name must not look like another one, nor like none at all. */
const VISIBLE = String.raw`[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]`;
/** Emoji carry an invisible variation selector. */
const line = (length: number): string => String.raw`${VISIBLE}(?:${VISIBLE}|\uFE0F){0,${length - 1}}`;

// Counted by expressions, because one with a length of its own makes the limit and the alphabet the same rule.
const NAME = new RegExp(`^${line(LIMITS.name)}$`, 'u');
const ROOM = new RegExp(`^${line(LIMITS.room)}$`, 'u');
const UID = new RegExp(String.raw`^[\w-]{16}\.${line(LIMITS.name)}$`, 'u');
const TEXT = new RegExp(String.raw`^(?:[\t\n]|[^\p{Cc}\p{Cs}]){1,${LIMITS.text}}$`, 'u');

const rule = (what: string, length: number): { message: string } => ({
  message: `${what} must be 1 to ${length} characters, without control or invisible ones`,
});

/** One line: no blanks around it, single ones within, and one spelling for characters that have several. */
const OneLine = (): PropertyDecorator =>
  Transform(({ value }: { value: unknown }) =>
    typeof value === 'string'
      ? value
          .trim()
          .replace(/\p{Zs}+/gu, ' ')
          .normalize('NFC')
      : value,
  );

const Lines = (): PropertyDecorator =>
  Transform(({ value }: { value: unknown }) =>
    typeof value === 'string' ? value.replace(/\r\n?/g, '\n').trim() : value,
  );

export class SignInDto {
  @OneLine()
  @Matches(NAME, rule('name', LIMITS.name))
  readonly name!: string;

  /** Random and kept by the browser: who has it is the same user, on every tab and after every reconnect. */
  @Matches(/^[\w-]{22,64}$/, { message: 'secret must be 22 to 64 characters of base64url: 128 random bits' })
  readonly secret!: string;
}

export class RoomDto {
  @OneLine()
  @Matches(ROOM, rule('room', LIMITS.room))
  readonly room!: string;
}

export class SayDto extends RoomDto {
  @Lines()
  @Matches(TEXT, rule('text', LIMITS.text))
  readonly text!: string;
}

export class WhisperDto {
  @Matches(UID, { message: 'to must be the uid of a user' })
  readonly to!: string;

  @Lines()
  @Matches(TEXT, rule('text', LIMITS.text))
  readonly text!: string;
}

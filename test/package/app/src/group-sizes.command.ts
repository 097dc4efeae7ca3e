import { defineQuestion, jsonCodec, type CommandPort, type CustomCommand } from 'nestwire';

/** A question of the application's own: how many clients each of these groups has on a gateway. */
export const groupSizes = defineQuestion({
  code: 100,
  request: jsonCodec((value) => value as string[]),
  reply: jsonCodec((value) => value as number[]),
});

export class GroupSizes implements CustomCommand<string[], number[]> {
  readonly definition = groupSizes;

  execute(port: CommandPort, groups: string[]): number[] {
    return groups.map((group) => [...port.clientsOfGroup(group)].length);
  }
}

import { ByteWriter, type Codec } from '#protocol';

/** The part of a command's definition that its caller writes with. */
export interface RequestDefinition<Request> {
  readonly code: number;
  readonly request: Codec<Request>;
}

/** The part of a question's definition that its answer is read with. */
export interface ReplyDefinition<Answer> {
  readonly code: number;
  readonly reply: Codec<Answer>;
}

export interface QuestionDefinition<Request, Answer>
  extends RequestDefinition<Request>, ReplyDefinition<Answer> {}

/** A request that is bytes already. */
export interface EncodedRequest {
  readonly definition: RequestDefinition<Uint8Array>;
  readonly body: Uint8Array;
}

const asItIs: Codec<Uint8Array, Buffer> = {
  write: (writer, bytes) => writer.bytes(bytes),
  read: (reader) => reader.rest(),
};

const FIRST_BYTES = 128;

/**
 * The request as bytes of its own: for a call that has to wait, while what its arguments point to may change.
 * @throws InvalidArgumentError for arguments that cannot be written
 */
export function encodeRequest<Request>(
  { code, request: codec }: RequestDefinition<Request>,
  request: Request,
): EncodedRequest {
  const writer = new ByteWriter(FIRST_BYTES);
  codec.write(writer, request);
  return { definition: { code, request: asItIs }, body: writer.view() };
}

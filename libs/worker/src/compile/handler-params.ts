import type { ArgumentMetadata, PipeTransform } from '@nestjs/common';
import type { ExternalContextCreator, ParamsFactory } from '@nestjs/core';
import { ContextUtils, ParamsTokenFactory, type ParamProperties } from '@nestjs/core/internal';
import { PARAM_ARGS_METADATA } from '@nestjs/microservices/constants.js';
import { RpcParamtype } from '@nestjs/microservices/enums/rpc-paramtype.enum.js';

import type { ClientEventContext } from '../context/client-event-context.js';
import { clientOf, pickSession, sessionOf } from '../decorators/param.decorators.js';
import type { HandlerSite } from './nest-enhancers.js';

export type ParamReader = (data: unknown, context: ClientEventContext) => unknown;

/** One decorated parameter of a handler. */
export interface HandlerParam {
  readonly index: number;
  /** `custom` is a decorator of the application: its value may be a promise. */
  readonly source: 'payload' | 'context' | 'client' | 'session' | 'custom';
  readonly read: ParamReader;
  /** Its own pipes; those of method, class and application run before them. */
  readonly pipes: readonly PipeTransform[];
  readonly metadata: ArgumentMetadata;
}

const PAYLOAD: number = RpcParamtype.PAYLOAD;
const CONTEXT: number = RpcParamtype.CONTEXT;
const NO_METADATA: ArgumentMetadata = { type: 'custom' };
const readPayload: ParamReader = (data) => data;
const readContext: ParamReader = (_data, context) => context;

/** A method without any param decorator gets payload and context, as in Nest's RPC handlers. */
const UNDECORATED: readonly HandlerParam[] = [
  { index: 0, source: 'payload', read: readPayload, pipes: [], metadata: NO_METADATA },
  { index: 1, source: 'context', read: readContext, pipes: [], metadata: NO_METADATA },
];

const contextUtils = new ContextUtils();
const tokens = new ParamsTokenFactory();

/** Reads `@Payload()` and `@Ctx()` for those who leave the reading to Nest. */
export const paramsFactory: ParamsFactory = {
  exchangeKeyForValue(type, data, [payload, context]: unknown[]) {
    if (type === CONTEXT) return context;
    return typeof data === 'string' && data !== '' ? propertyOf(payload, data) : payload;
  },
};

export function paramsOf(
  external: ExternalContextCreator,
  site: HandlerSite,
  pipes: readonly PipeTransform[],
): readonly HandlerParam[] {
  const { instance, method, moduleKey, contextId, inquirerId } = site;
  const { paramtypes, getParamsMetadata } = external.getMetadata(
    instance,
    method,
    PARAM_ARGS_METADATA,
    paramsFactory,
    'rpc',
  );
  const properties = getParamsMetadata(moduleKey, contextId, inquirerId);
  contextUtils.warnOnMissingParamtypes(instance, method, paramtypes, [...pipes], properties);
  if (properties.length === 0) return withTypes(UNDECORATED, paramtypes);
  const factories = decoratorFactories(instance, method);
  const params = properties.map((property, at) => paramOf(property, factories[at]));
  return withTypes(params, paramtypes);
}

function paramOf(property: ParamProperties, factory: unknown): HandlerParam {
  const { index, type, data, pipes, schema, extractValue } = property;
  const metadata = {
    type: tokens.exchangeEnumForString(type as Parameters<typeof tokens.exchangeEnumForString>[0]),
    data: data as string | undefined,
    schema,
  } as ArgumentMetadata;
  const key = typeof data === 'string' && data !== '' ? data : undefined;
  const known = { index, pipes, metadata };
  if (type === PAYLOAD) return { ...known, source: 'payload', read: payloadReader(key) };
  if (type === CONTEXT) return { ...known, source: 'context', read: readContext };
  if (factory === clientOf) return { ...known, source: 'client', read: (_data, context) => context.client };
  if (factory === sessionOf) {
    return { ...known, source: 'session', read: (_data, context) => pickSession(context.session, key) };
  }
  return { ...known, source: 'custom', read: extractValue as ParamReader };
}

function payloadReader(key: string | undefined): ParamReader {
  if (key === undefined) return readPayload;
  return (data) => propertyOf(data, key);
}

function propertyOf(value: unknown, key: string): unknown {
  return (value as Record<string, unknown> | null | undefined)?.[key];
}

function withTypes(
  params: readonly HandlerParam[],
  types: readonly unknown[] | undefined,
): readonly HandlerParam[] {
  return params.map((param) => {
    const metatype = types?.[param.index] as ArgumentMetadata['metatype'];
    return { ...param, metadata: { ...param.metadata, metatype } };
  });
}

/** The functions behind custom decorators, in the order in which Nest lists the parameters. */
function decoratorFactories(instance: object, method: string): unknown[] {
  const metadata = contextUtils.reflectCallbackMetadata<Record<string, { factory?: unknown }>>(
    instance,
    method,
    PARAM_ARGS_METADATA,
  );
  return Object.values(metadata).map(({ factory }) => factory);
}

import type { ForwardReference, ModuleMetadata, Type } from '@nestjs/common';
import { MODULE_METADATA } from '@nestjs/common/constants.js';

type Imported = NonNullable<ModuleMetadata['imports']>[number];

/** Whether one of the modules is this one, or imports it in turn. A dynamic module that is still a promise is not looked into. */
export function importsModule(
  imports: readonly Imported[],
  wanted: Type,
  seen = new Set<unknown>(),
): boolean {
  return imports.some((imported) => {
    const { module, further } = partsOf(imported);
    if (module === wanted) return true;
    if (module === undefined || seen.has(imported)) return false;
    seen.add(imported);
    const own: unknown = Reflect.getMetadata(MODULE_METADATA.IMPORTS, module);
    return importsModule([...further, ...((own ?? []) as Imported[])], wanted, seen);
  });
}

function partsOf(imported: Imported): {
  readonly module: Type | undefined;
  readonly further: readonly Imported[];
} {
  if (typeof imported === 'function') return { module: imported, further: [] };
  // A circular import, which is undefined until its file is loaded: Nest says so itself.
  if (imported === undefined || imported instanceof Promise) return { module: undefined, further: [] };
  if ('forwardRef' in imported) {
    const { forwardRef } = imported as ForwardReference<() => Type>;
    return { module: forwardRef(), further: [] };
  }
  const { module, imports = [] } = imported;
  return { module, further: imports };
}

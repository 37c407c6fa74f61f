package io.expertmesh.gateway.core.template;

/** A function, a method bound to its value, or a macro. */
@FunctionalInterface
interface Callable {
  Object call(CallArguments arguments);
}

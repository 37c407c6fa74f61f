package io.expertmesh.model.kernel;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/** Functions of the C library that the virtual machine runs on. */
final class LibC {
  private LibC() {}

  /** A function to call; empty if the library has none of that name. */
  @SuppressWarnings("restricted") // the platform's own C library, by its documented signatures
  static Optional<MethodHandle> find(String name, FunctionDescriptor signature) {
    Linker linker = Linker.nativeLinker();
    return linker
        .defaultLookup()
        .find(name)
        .map(address -> linker.downcallHandle(address, signature));
  }
}

package io.expertmesh.attention.core;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * Zeroed memory that the operating system backs only where it is touched. {@link Arena#allocate}
 * writes zeros itself, which makes a large cache resident before its first use.
 */
final class LazyMemory {
  private static final Linker LINKER = Linker.nativeLinker();
  // void *calloc(size_t count, size_t size)
  private static final MethodHandle CALLOC =
      handle(
          "calloc",
          FunctionDescriptor.of(ValueLayout.ADDRESS, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG));
  // void free(void *memory)
  private static final MethodHandle FREE =
      handle("free", FunctionDescriptor.ofVoid(ValueLayout.ADDRESS));

  private LazyMemory() {}

  /** Allocates {@code bytes}, freed when the arena closes. */
  @SuppressWarnings("restricted")
  static MemorySegment allocate(long bytes, Arena arena) {
    MemorySegment memory;
    try {
      memory = (MemorySegment) CALLOC.invokeExact(1L, bytes);
    } catch (Throwable e) {
      throw new IllegalStateException("calloc failed", e);
    }
    if (memory.equals(MemorySegment.NULL)) {
      throw new OutOfMemoryError("no memory for key-value pages of " + bytes + " bytes");
    }
    return memory.reinterpret(bytes, arena, LazyMemory::free);
  }

  private static void free(MemorySegment memory) {
    try {
      FREE.invokeExact(memory);
    } catch (Throwable e) {
      throw new IllegalStateException("free failed", e);
    }
  }

  @SuppressWarnings("restricted")
  private static MethodHandle handle(String name, FunctionDescriptor descriptor) {
    return LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow(name), descriptor);
  }
}

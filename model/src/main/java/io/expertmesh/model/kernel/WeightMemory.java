package io.expertmesh.model.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/**
 * Memory for packed weights. Large matrices ask the kernel for huge pages before they are touched:
 * a product streams through all of them, and with pages of 4 KiB it would stop at every one for the
 * address and for the prefetcher to start again.
 */
@SuppressWarnings("restricted") // asking the C library for memory is what this class is for
final class WeightMemory {
  /** Size of a huge page on x86-64 and, with pages of 4 KiB, on AArch64. */
  private static final long HUGE_PAGE = 2L << 20;

  private static final long CACHE_LINE = 64;

  private static final boolean LINUX = System.getProperty("os.name", "").equals("Linux");

  /** Linux's number for "use huge pages here". */
  private static final int MADV_HUGEPAGE = 14;

  // void *aligned_alloc(size_t alignment, size_t size); int madvise(void *addr, size_t length, int
  // advice); void free(void *)
  private static final Optional<MethodHandle> ALIGNED_ALLOC =
      LibC.find(
          "aligned_alloc",
          FunctionDescriptor.of(ValueLayout.ADDRESS, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG));
  private static final Optional<MethodHandle> MADVISE =
      LibC.find(
          "madvise",
          FunctionDescriptor.of(
              ValueLayout.JAVA_INT,
              ValueLayout.ADDRESS,
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_INT));
  private static final Optional<MethodHandle> FREE =
      LibC.find("free", FunctionDescriptor.ofVoid(ValueLayout.ADDRESS));

  private WeightMemory() {}

  /**
   * Memory on a cache line, not zeroed where it is large.
   *
   * @param arena its owner
   */
  static MemorySegment allocate(long bytes, Arena arena) {
    if (bytes < 2 * HUGE_PAGE
        || !LINUX
        || MADVISE.isEmpty()
        || ALIGNED_ALLOC.isEmpty()
        || FREE.isEmpty()) {
      return arena.allocate(bytes, CACHE_LINE);
    }
    long size = (bytes + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
    try {
      MemorySegment start = (MemorySegment) ALIGNED_ALLOC.get().invokeExact(HUGE_PAGE, size);
      if (start.address() == 0) {
        throw new OutOfMemoryError("no memory for " + bytes + " bytes of packed weights");
      }
      // Advice only: where it is refused, pages stay small.
      int _ = (int) MADVISE.get().invokeExact(start, size, MADV_HUGEPAGE);
      return start.reinterpret(bytes, arena, WeightMemory::free);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  private static void free(MemorySegment memory) {
    try {
      FREE.orElseThrow().invokeExact(memory);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }
}

package io.expertmesh.model.kernel;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Stream;

/** What the CPU can do, as the operating system reports it. */
final class CpuFeatures {
  private static final Path CPU_INFO = Path.of("/proc/cpuinfo");

  private CpuFeatures() {}

  /** True if the CPU multiplies bf16: AMX or AVX-512 with bf16. False where nothing is known. */
  static boolean hasBf16() {
    try (Stream<String> lines = Files.lines(CPU_INFO)) {
      return lines
          .filter(line -> line.startsWith("flags"))
          .findFirst()
          .map(line -> Set.of("amx_bf16", "avx512_bf16").stream().anyMatch(line::contains))
          .orElse(false);
    } catch (IOException | UncheckedIOException e) {
      return false;
    }
  }
}

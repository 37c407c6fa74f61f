package io.expertmesh.launcher.app;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.LongSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Memory that new processes can have, in bytes. On Linux what the kernel says could be had without
 * swapping: pages of files, which the free memory of other systems leaves out, count as free.
 */
final class FreeMemory implements LongSupplier {
  private static final Path LINUX = Path.of("/proc/meminfo");
  private static final Pattern AVAILABLE = Pattern.compile("(?m)^MemAvailable: +(\\d+) kB$");

  @Override
  public long getAsLong() {
    OperatingSystemMXBean system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
    try {
      Matcher available = AVAILABLE.matcher(Files.readString(LINUX));
      if (available.find()) {
        long bytes = Long.parseLong(available.group(1)) << 10;
        // The machine's memory; a container may have less.
        return Math.min(bytes, system.getTotalMemorySize());
      }
    } catch (IOException e) {
      // Not Linux.
    }
    return system.getFreeMemorySize();
  }
}

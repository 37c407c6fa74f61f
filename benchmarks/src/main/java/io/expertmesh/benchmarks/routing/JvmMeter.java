package io.expertmesh.benchmarks.routing;

import com.sun.management.OperatingSystemMXBean;
import com.sun.management.ThreadMXBean;
import com.sun.tools.attach.AttachNotSupportedException;
import com.sun.tools.attach.VirtualMachine;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.Optional;
import javax.management.MBeanServerConnection;
import javax.management.remote.JMXConnector;
import javax.management.remote.JMXConnectorFactory;
import javax.management.remote.JMXServiceURL;
import org.jspecify.annotations.Nullable;

/** Bytes allocated on the heap and processor time of a JVM, this one or another one. */
final class JvmMeter implements AutoCloseable {
  private final ThreadMXBean threads;
  private final OperatingSystemMXBean system;
  private final @Nullable JMXConnector connector;

  private JvmMeter(MBeanServerConnection server, @Nullable JMXConnector connector)
      throws IOException {
    this.connector = connector;
    threads =
        ManagementFactory.newPlatformMXBeanProxy(
            server, ManagementFactory.THREAD_MXBEAN_NAME, ThreadMXBean.class);
    system =
        ManagementFactory.newPlatformMXBeanProxy(
            server, ManagementFactory.OPERATING_SYSTEM_MXBEAN_NAME, OperatingSystemMXBean.class);
  }

  /** Of this process, all threads. */
  static JvmMeter ofThisProcess() throws IOException {
    return new JvmMeter(ManagementFactory.getPlatformMBeanServer(), null);
  }

  /** Of another process of the same user; its management agent is started. */
  @SuppressWarnings("BanJNDI") // the address is what that process itself answered
  static JvmMeter of(long pid) throws IOException {
    try {
      VirtualMachine machine = VirtualMachine.attach(Long.toString(pid));
      try {
        JMXServiceURL url = new JMXServiceURL(machine.startLocalManagementAgent());
        JMXConnector connector = JMXConnectorFactory.connect(url);
        return new JvmMeter(connector.getMBeanServerConnection(), connector);
      } finally {
        machine.detach();
      }
    } catch (AttachNotSupportedException e) {
      throw new IOException("process " + pid + " cannot be measured: " + e.getMessage(), e);
    }
  }

  /** What it used since it started. */
  JvmUse read() {
    return new JvmUse(threads.getTotalThreadAllocatedBytes(), system.getProcessCpuTime());
  }

  @Override
  public void close() throws IOException {
    Optional<JMXConnector> open = Optional.ofNullable(connector);
    if (open.isPresent()) {
      open.get().close();
    }
  }
}

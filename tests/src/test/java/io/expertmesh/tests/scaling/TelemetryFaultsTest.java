package io.expertmesh.tests.scaling;

import org.junit.jupiter.api.Timeout;

/** With the broker that a mesh brings along, as a process. */
@Timeout(300)
class TelemetryFaultsTest extends TelemetryFaults {
  TelemetryFaultsTest() {
    super(new BrokerUnderTest());
  }
}

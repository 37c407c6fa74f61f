package io.expertmesh.tests.scaling;

import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIf;

/** With the image of the compose file, where there is Docker and the image can be had. */
@Timeout(300)
@EnabledIf("io.expertmesh.tests.scaling.ContainerBroker#available")
class TelemetryFaultsInContainersTest extends TelemetryFaults {
  TelemetryFaultsInContainersTest() {
    super(new ContainerBroker());
  }
}

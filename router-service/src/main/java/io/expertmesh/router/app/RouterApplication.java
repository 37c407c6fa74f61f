package io.expertmesh.router.app;

import io.expertmesh.protocol.app.MeshServer;
import io.expertmesh.protocol.app.ParentWatch;
import org.springframework.boot.Banner;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.grpc.server.autoconfigure.GrpcServerAutoConfiguration;
import org.springframework.boot.grpc.server.autoconfigure.GrpcServerServicesAutoConfiguration;
import org.springframework.context.annotation.Import;

/** The router-service: owns the gates, and sends rows to the experts that they choose. */
@SpringBootConfiguration(proxyBeanMethods = false)
@EnableConfigurationProperties(RouterSettings.class)
@ImportAutoConfiguration({
  GrpcServerAutoConfiguration.class,
  GrpcServerServicesAutoConfiguration.class
})
@Import({MeshServer.class, RouterConfiguration.class})
public class RouterApplication {
  /** Starts the process with {@code --key=value} arguments. */
  public static void main(String[] args) {
    ParentWatch.exitWithParent(args);
    SpringApplication application = new SpringApplication(RouterApplication.class);
    application.setBannerMode(Banner.Mode.OFF);
    application.setWebApplicationType(WebApplicationType.NONE);
    application.setLogStartupInfo(false);
    application.run(args);
  }
}

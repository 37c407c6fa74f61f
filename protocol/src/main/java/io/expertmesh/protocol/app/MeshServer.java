package io.expertmesh.protocol.app;

import io.expertmesh.protocol.transport.MeshCredentials;
import io.expertmesh.protocol.transport.MeshNetty;
import org.springframework.boot.grpc.server.autoconfigure.GrpcServerProperties;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;
import org.springframework.grpc.server.GrpcServerFactory;
import org.springframework.grpc.server.lifecycle.GrpcServerLifecycle;
import org.springframework.grpc.server.service.GrpcServiceConfigurer;
import org.springframework.grpc.server.service.GrpcServiceDiscoverer;

/**
 * The credentials of a service and its gRPC server, which serves every service bean. It takes the
 * place of the server that Spring Boot would make, whose certificates are read once and for all.
 */
@Configuration(proxyBeanMethods = false)
public class MeshServer {
  /** With what the process takes and makes connections: plain unless files are configured. */
  @Bean(destroyMethod = "close")
  MeshCredentials meshCredentials(Environment environment) {
    return TlsSettings.credentials(environment);
  }

  @Bean
  GrpcServerFactory meshServerFactory(
      Environment environment,
      MeshNetty netty,
      GrpcServiceDiscoverer services,
      GrpcServiceConfigurer configurer) {
    String host = environment.getProperty("expertmesh.grpc.host", "127.0.0.1");
    int port = environment.getProperty("expertmesh.grpc.port", Integer.class, 0);
    MeshServerFactory factory = new MeshServerFactory(host + ":" + port, netty);
    services
        .findServices()
        .forEach(service -> factory.addService(configurer.configure(service, factory)));
    return factory;
  }

  @Bean
  GrpcServerLifecycle meshServerLifecycle(
      GrpcServerFactory factory,
      GrpcServerProperties properties,
      ApplicationEventPublisher publisher) {
    return new GrpcServerLifecycle(factory, properties.getShutdown().getGracePeriod(), publisher);
  }
}

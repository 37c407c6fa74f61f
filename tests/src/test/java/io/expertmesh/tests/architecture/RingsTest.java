package io.expertmesh.tests.architecture;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/**
 * The four rings of every module: kernel ← core ← transport ← app. Think before you change a rule
 * to fit a class.
 */
class RingsTest {
  private static final JavaClasses MESH =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("io.expertmesh");

  @Test
  void everyRingDependsOnlyOnTheRingsInsideIt() {
    layeredArchitecture()
        .consideringOnlyDependenciesInLayers()
        .layer("kernel")
        .definedBy("io.expertmesh.*.kernel..")
        .layer("core")
        .definedBy("io.expertmesh.*.core..")
        .layer("transport")
        .definedBy("io.expertmesh.*.transport..")
        .layer("app")
        .definedBy("io.expertmesh.*.app..")
        .whereLayer("core")
        .mayOnlyBeAccessedByLayers("transport", "app")
        .whereLayer("transport")
        .mayOnlyBeAccessedByLayers("app")
        .whereLayer("app")
        .mayNotBeAccessedByAnyLayer()
        .withOptionalLayers(true)
        .check(MESH);
  }

  @Test
  void kernelsAndCoresKnowNeitherSpringNorGrpcNorKafka() {
    noClasses()
        .that()
        .resideInAnyPackage("io.expertmesh.*.kernel..", "io.expertmesh.*.core..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "org.springframework..",
            "io.grpc..",
            "io.netty..",
            "org.apache.kafka..",
            "com.google.protobuf..")
        .check(MESH);
  }

  @Test
  void generatedMessagesStayOutOfTheCores() {
    noClasses()
        .that()
        .resideInAnyPackage("io.expertmesh.*.kernel..", "io.expertmesh.*.core..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("io.expertmesh.protocol.v1..")
        .check(MESH);
  }

  @Test
  void nobodyReachesIntoLibraryInternals() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("io.grpc.internal..", "sun.misc..", "..shaded..")
        .check(MESH);
  }
}

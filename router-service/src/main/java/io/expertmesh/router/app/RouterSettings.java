package io.expertmesh.router.app;

import io.expertmesh.model.kernel.DType;
import java.util.Locale;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Configuration of a router-service.
 *
 * @param model checkpoint directory
 * @param modelId name the model is served under; the directory's name if empty
 * @param provider kernels: auto, scalar, vector or onednn
 * @param dtype type of activations: auto (the checkpoint's), f32 or bf16
 */
@ConfigurationProperties("expertmesh")
record RouterSettings(
    @DefaultValue("") String model,
    @DefaultValue("") String modelId,
    @DefaultValue("auto") String provider,
    @DefaultValue("auto") String dtype) {
  RouterSettings {
    if (model.isBlank()) {
      throw new RefusedException("expertmesh.model is not set, must be a checkpoint directory");
    }
  }

  /** Type of activations for a checkpoint that stores {@code stored}. */
  DType activations(DType stored) {
    return switch (dtype.toLowerCase(Locale.ROOT)) {
      case "auto" -> stored == DType.BF16 ? DType.BF16 : DType.F32;
      case "f32" -> DType.F32;
      case "bf16" -> DType.BF16;
      default ->
          throw new RefusedException(
              "expertmesh.dtype is '" + dtype + "', must be one of auto, f32, bf16");
    };
  }
}

package io.expertmesh.router.app;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Configuration of a router-service.
 *
 * @param model checkpoint directory
 * @param modelId name the model is served under; the directory's name if empty
 * @param provider kernels: auto, scalar, vector or onednn
 * @param dtype type of activations: auto (the checkpoint's), f32 or bf16
 * @param grouping which rows a policy that is not batch-invariant assigns together: those of one
 *     request, or pooled, all rows of a call
 */
@ConfigurationProperties("expertmesh")
record RouterSettings(
    @DefaultValue("") String model,
    @DefaultValue("") String modelId,
    @DefaultValue("auto") String provider,
    @DefaultValue("auto") String dtype,
    @DefaultValue("request") String grouping) {
  RouterSettings {
    if (model.isBlank()) {
      throw new RefusedException("expertmesh.model is not set, must be a checkpoint directory");
    }
  }
}

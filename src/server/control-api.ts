import { Elysia } from "elysia";

type Answers = (request: Request) => Promise<Response>;

/**
 * The control API within its framework. Loaded with the first request that is for it, or soon after the start: it takes as long to load as an empty
 * program to start.
 * @param failed one shape for all that goes wrong in it
 */
export function controlApi(answers: Answers, failed: (error: unknown, request: Request) => Response): Answers {
  // Without standardHostname Elysia finds the path by its distance from the start of the URL: `Host: x` then opens other routes.
  // Without aot it compiles nothing at start, which is a third of the time until ready.
  const framework = new Elysia({ aot: false, handler: { standardHostname: false } });
  // Mounted, so that bodies are left to us: Elysia's own reading drops unknown fields and echoes refused values.
  framework.mount("/", answers);
  framework.onError({ as: "global" }, ({ error, request }) => failed(error, request));
  return async (request) => await framework.handle(request);
}

import { expect, test } from "bun:test";
import { besideApi, endpointOf } from "../../src/llm/endpoint.ts";

const chat = "chat/completions";

test.each([
  ["http://127.0.0.1:8000", "http://127.0.0.1:8000/v1/chat/completions"],
  ["http://127.0.0.1:8000/", "http://127.0.0.1:8000/v1/chat/completions"],
  ["http://127.0.0.1:8000/v1", "http://127.0.0.1:8000/v1/chat/completions"],
  ["http://127.0.0.1:8000/v1//", "http://127.0.0.1:8000/v1/chat/completions"],
  ["http://127.0.0.1:8000/v1/chat/completions", "http://127.0.0.1:8000/v1/chat/completions"],
  ["http://gpu.lan/llm", "http://gpu.lan/llm/v1/chat/completions"],
  ["http://gpu.lan/llm/v1/", "http://gpu.lan/llm/v1/chat/completions"],
  ["http://gpu.lan/llm/chat/completions", "http://gpu.lan/llm/chat/completions"],
  ["http://gpu.lan/v1/models", "http://gpu.lan/v1/chat/completions"],
  ["https://example.com/v1beta/openai/", "https://example.com/v1beta/openai/chat/completions"],
  ["https://example.com/v1beta", "https://example.com/v1beta/chat/completions"],
  ["https://example.com/api/paas/v4", "https://example.com/api/paas/v4/chat/completions"],
  ["https://example.com/api/v1/proxy", "https://example.com/api/v1/proxy/chat/completions"],
  ["https://example.com/vault", "https://example.com/vault/v1/chat/completions"],
  ["https://example.com/v1?api-version=2024-10-21#x", "https://example.com/v1/chat/completions?api-version=2024-10-21"],
])("%s is asked at %s", (written, asked) => {
  expect(endpointOf(written, chat)).toBe(asked);
});

test.each([
  ["http://127.0.0.1:8000/v1/chat/completions", "models", "http://127.0.0.1:8000/v1/models"],
  ["http://gpu.lan/llm/chat/completions", "models", "http://gpu.lan/llm/models"],
  ["https://example.com/v1/messages", "messages", "https://example.com/v1/messages"],
  ["https://example.com", "messages", "https://example.com/v1/messages"],
])("%s has its %s at %s", (written, path, asked) => {
  expect(endpointOf(written, path)).toBe(asked);
});

test.each([
  ["http://127.0.0.1:11434", "http://127.0.0.1:11434/api/show"],
  ["http://127.0.0.1:11434/v1/", "http://127.0.0.1:11434/api/show"],
  ["http://gpu.lan/ollama/v1/chat/completions", "http://gpu.lan/ollama/api/show"],
])("beside %s lies %s", (written, asked) => {
  expect(besideApi(written, "api/show")).toBe(asked);
});

import { expect, test } from "bun:test";
import { checkRoutes, type Route } from "../../src/server/route.ts";
import { allRoutes } from "../../src/server/routes/index.ts";

const route = (more: Partial<Route>): Route =>
  ({ method: "GET", path: "/x", permission: "public", tag: "t", summary: "s", handle: () => ({}), ...more }) as Route;

test("a route that does not say who may call it stops the program at start, and so does one that is declared twice", () => {
  expect(() => checkRoutes([route({ permission: undefined as never })])).toThrow("GET /x declares no permission");
  expect(() => checkRoutes([route({}), route({})])).toThrow("GET /x is declared twice");
  expect(() => checkRoutes(allRoutes())).not.toThrow();
});

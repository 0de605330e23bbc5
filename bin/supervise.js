#!/usr/bin/env node
// First of all, and by itself: V8 is told before there is anything to load.
import "../dist/primary/lean-heap.js";
await import("../dist/cli/main.js");

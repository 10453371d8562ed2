import fc from "fast-check";

// Every run uses the same examples, so that the same mutants survive.
fc.configureGlobal({ seed: 20_261_124 });

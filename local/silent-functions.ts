// The functions' loggers read these when their modules are loaded, so a program imports this file before it imports them.
process.env["POWERTOOLS_LOG_LEVEL"] ??= "SILENT";
process.env["POWERTOOLS_METRICS_DISABLED"] ??= "true";

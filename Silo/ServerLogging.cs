namespace Quorleans.Silo;

/// <summary>Where log lines go: to stderr, warnings only unless asked for more, so that stdout holds what a person wants to read.</summary>
internal static class ServerLogging
{
    public static void Configure(ILoggingBuilder logging, IConfiguration configuration, bool verbose)
    {
        logging.ClearProviders();
        if (verbose) logging.SetMinimumLevel(LogLevel.Information);
        else logging.AddConfiguration(configuration.GetSection("Logging"));
        logging.AddSimpleConsole(static options =>
        {
            options.SingleLine = true;
            options.TimestampFormat = "HH:mm:ss.fff ";
        });
        logging.Services.Configure<Microsoft.Extensions.Logging.Console.ConsoleLoggerOptions>(
            static options => options.LogToStandardErrorThreshold = LogLevel.Trace);
    }
}

using Microsoft.Extensions.Logging;

namespace Quorleans.Simulation;

/// <summary>Hears what a node reports: a replica that stops for good is no line in a log here, but an event to be judged.</summary>
internal sealed class NodeLog(SimulatedNode node) : ILogger
{
    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        node.Report(logLevel, exception, () => formatter(state, exception));
    }
}

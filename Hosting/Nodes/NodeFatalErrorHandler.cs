using Microsoft.Extensions.Logging;

namespace Quorleans.Hosting;

/// <summary>
/// Takes the place of Orleans' handler, which ends the process: a silo that was paused or cut off for a while finds itself declared dead
/// and must stop, but the other silos in this process have done nothing wrong; and a process that holds one silo ends with a status that says why.
/// </summary>
/// <param name="node">The node whose silo it is.</param>
/// <param name="evict">Stops that silo; called once, returns at once.</param>
/// <param name="logger">Where the reason goes.</param>
internal sealed class NodeFatalErrorHandler(string node, Action<string> evict, ILogger<NodeFatalErrorHandler> logger) : IFatalErrorHandler
{
    private int _called;

    public bool IsUnexpected(Exception exception) => true;

    public void OnFatalException(object? sender, string? context, Exception? exception)
    {
        string reason = exception?.Message ?? context ?? "a fatal error without a message";
        if (Interlocked.Exchange(ref _called, 1) != 0) return;
        logger.LogError(exception, "The silo of node {Node} cannot go on ({Reason}) and stops.", node, reason);
        evict(reason);
    }
}

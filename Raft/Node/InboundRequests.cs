using System.Diagnostics.CodeAnalysis;

namespace Quorleans.Raft.Node;

/// <summary>
/// Other members' requests that the core has not answered yet, oldest first. While a disk hangs the leader sends again and again what cannot be answered: above its
/// bounds the oldest is refused, which is to Raft as if it had been lost.
/// </summary>
internal sealed class InboundRequests
{
    /// <summary>How many may wait. Fewer than the core keeps answers for, so that each of them gets its own.</summary>
    internal const int Maximum = 1024;

    /// <summary>How many bytes of entries and chunks they may have; one by itself may have more.</summary>
    internal const long MaximumBytes = 16 << 20;

    private const string Superseded = "It waited behind too many others.";
    private readonly Dictionary<long, InboundRequest> _requests = [];
    private InboundRequest? _oldest;
    private InboundRequest? _newest;

    /// <summary>How many wait.</summary>
    internal int Count => _requests.Count;

    /// <summary>The bytes of entries and chunks in them.</summary>
    internal long Bytes { get; private set; }

    /// <summary>Adds one, and refuses the oldest for which there is no place then.</summary>
    internal void Add(long context, InboundRequest request)
    {
        _requests.Add(context, request);
        (request.Context, request.Older) = (context, _newest);
        if (_newest is null) _oldest = request;
        else _newest.Newer = request;
        _newest = request;
        Bytes += request.Bytes;
        while (_oldest != request && (Count > Maximum || Bytes > MaximumBytes) && TryRemove(_oldest!.Context, out InboundRequest? oldest)) oldest.Refuse(Superseded);
    }

    /// <summary>Takes one out, if it still waits.</summary>
    internal bool TryRemove(long context, [NotNullWhen(true)] out InboundRequest? request)
    {
        if (!_requests.Remove(context, out request)) return false;
        if (request.Older is null) _oldest = request.Newer;
        else request.Older.Newer = request.Newer;
        if (request.Newer is null) _newest = request.Older;
        else request.Newer.Older = request.Older;
        request.Older = request.Newer = null;
        Bytes -= request.Bytes;
        return true;
    }

    /// <summary>Refuses all.</summary>
    internal void RefuseAll(string reason)
    {
        while (_oldest is { } oldest && TryRemove(oldest.Context, out InboundRequest? request)) request.Refuse(reason);
    }
}

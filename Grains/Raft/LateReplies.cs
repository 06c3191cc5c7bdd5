using Quorleans.GrainInterfaces;

namespace Quorleans.Grains.Raft;

/// <summary>
/// Answers that those who asked come back for, since the others of their call were not to wait. Bounded: the oldest are forgotten, and whoever comes back for one
/// of those learns that its outcome is unknown, as if the answer had been lost on its way.
/// </summary>
/// <param name="time">The clock.</param>
internal sealed class LateReplies(TimeProvider time)
{
    private const int Maximum = 1024;
    private const long MaximumBytes = 64 << 20; // of those that are there; those that are not are a client's batches, which have their limit
    private static readonly TimeSpan KeptFor = TimeSpan.FromSeconds(10);
    private readonly Lock _lock = new();
    private readonly Dictionary<long, Task<SubmitReply>> _replies = [];
    private readonly Queue<(long Ticket, long At)> _order = new();
    private long _last = Random.Shared.NextInt64(); // tickets of an earlier life must not be taken for ones of this

    /// <summary>Keeps an answer.</summary>
    /// <returns>What to ask for it by.</returns>
    public long Keep(Task<SubmitReply> reply)
    {
        lock (_lock)
        {
            while (_order.TryPeek(out (long Ticket, long At) oldest)
                && (_order.Count >= Maximum || time.GetElapsedTime(oldest.At) > KeptFor || !_replies.ContainsKey(oldest.Ticket) || Bytes() > MaximumBytes))
                _replies.Remove(_order.Dequeue().Ticket);
            _last = unchecked(_last + 1);
            _replies.Add(_last, reply);
            _order.Enqueue((_last, time.GetTimestamp()));
            return _last;
        }
    }

    // Of slow groups or large answers only, so seldom.
    private long Bytes()
    {
        long bytes = 0;
        foreach (Task<SubmitReply> reply in _replies.Values)
            if (reply.IsCompletedSuccessfully) bytes += reply.Result.Result.Length;
        return bytes;
    }

    /// <summary>Gives an answer out, once; null when it is not known.</summary>
    public Task<SubmitReply>? Take(long ticket)
    {
        lock (_lock) return _replies.Remove(ticket, out Task<SubmitReply>? reply) ? reply : null;
    }
}

namespace Quorleans.Clerk.Tests.World;

/// <summary>Events in virtual time; those of the same time in the order in which they were planned.</summary>
internal sealed class VirtualTime
{
    private readonly PriorityQueue<Action, (long AtMs, long Order)> _events = new();
    private long _order;

    public long NowMs { get; private set; }

    public void After(long milliseconds, Action action) => _events.Enqueue(action, (NowMs + milliseconds, _order++));

    public void RunUntil(long endMs)
    {
        while (_events.TryPeek(out Action? action, out (long AtMs, long Order) when) && when.AtMs <= endMs)
        {
            _events.Dequeue();
            NowMs = when.AtMs;
            action();
        }

        NowMs = endMs;
    }
}

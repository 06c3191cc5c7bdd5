using System.Collections.Immutable;

namespace Quorleans.KeyValue.Controller;

/// <summary>What one client was answered, as far as a retry may still ask. Never changes.</summary>
/// <param name="Floor">All sequences at or below it are acknowledged.</param>
/// <param name="LatestDeadlineMs">The latest deadline of all commands done in it; <see cref="NoDeadline"/> keeps it for ever.</param>
/// <param name="Results">The results above the floor, by sequence.</param>
internal sealed record ControllerSession(long Floor, long LatestDeadlineMs, ImmutableArray<SessionResult> Results)
{
    /// <summary>The deadline of a command that has none.</summary>
    public const long NoDeadline = long.MaxValue;

    /// <summary>Looks up what a command was answered.</summary>
    public bool TryGet(long sequence, out ControllerResult result)
    {
        foreach (SessionResult done in Results)
        {
            if (done.Sequence != sequence) continue;
            result = done.Result;
            return true;
        }

        result = default;
        return false;
    }

    /// <summary>With a higher floor; what it acknowledges is dropped.</summary>
    public ControllerSession Acknowledge(long floor) =>
        floor <= Floor ? this : this with { Floor = floor, Results = Results.RemoveAll(done => done.Sequence <= floor) };

    /// <summary>With one more result.</summary>
    public ControllerSession Add(SessionResult done)
    {
        int at = Results.Length;
        while (at > 0 && Results[at - 1].Sequence > done.Sequence) at--;
        return this with { LatestDeadlineMs = Math.Max(LatestDeadlineMs, done.DeadlineMs), Results = Results.Insert(at, done) };
    }

    /// <summary>Without results whose deadline is before a time.</summary>
    public ControllerSession Sweep(long cutoffMs)
    {
        foreach (SessionResult done in Results)
        {
            if (done.DeadlineMs < cutoffMs) return this with { Results = Results.RemoveAll(old => old.DeadlineMs < cutoffMs) };
        }

        return this;
    }
}

/// <summary>What a command that is done was answered, for its retries.</summary>
/// <param name="Sequence">The command's sequence.</param>
/// <param name="DeadlineMs">Its deadline; <see cref="ControllerSession.NoDeadline"/> when it has none.</param>
/// <param name="Result">The answer.</param>
internal readonly record struct SessionResult(long Sequence, long DeadlineMs, ControllerResult Result);

namespace Quorleans.KeyValue.Handoff;

/// <summary>What a driver remembers of one move so as not to say everything again at each step. All of it may be lost at any time.</summary>
/// <param name="move">The move.</param>
internal sealed class MoveWork(ShardMove move)
{
    /// <summary>Never.</summary>
    public const long Never = long.MinValue / 2;

    public ShardMove Move { get; } = move;

    /// <summary>Whether no order of the controller speaks of it any more, but something is left to do.</summary>
    public bool IsLeftover { get; set; }

    /// <summary>The last step proposed, or report sent, and when.</summary>
    public (HandoffKind Kind, int Attempt, long Number) Said { get; set; }

    public long SaidAtMs { get; set; } = Never;

    public long AskedAtMs { get; set; } = Never;

    /// <summary>Whether an answer is awaited.</summary>
    public bool IsAsking { get; set; }

    /// <summary>Destination: not to ask before.</summary>
    public long NextPullMs { get; set; } = Never;

    /// <summary>Destination: when the rest behind a piece is over, so that the next one does not wait for a step.</summary>
    public long RestsUntilMs { get; set; } = Never;

    /// <summary>Destination: what is asked for next, ahead of what is applied.</summary>
    public ImportStage Stage { get; set; }

    public int Attempt { get; set; }

    public long Start { get; set; }

    public long Next { get; set; }

    public ReadOnlyMemory<byte> Position { get; set; }

    /// <summary>Destination: whether the copy's last chunk was proposed.</summary>
    public bool IsCopied { get; set; }

    /// <summary>Destination: whether the last delta was a large one, so that more will follow.</summary>
    public bool IsFullDelta { get; set; }

    /// <summary>Destination: what was applied when it last grew, and when that was.</summary>
    public long Applied { get; set; } = -1;

    public long AppliedAtMs { get; set; }

    /// <summary>Source: how often the destination had asked, and when that last grew.</summary>
    public long PeerAsked { get; set; } = -1;

    public long PeerAskedAtMs { get; set; } = Never;

    /// <summary>Source: the lag at the last sample, and when that was.</summary>
    public long LagBytes { get; set; }

    public long LagAtMs { get; set; } = Never;

    public int SlowMs { get; set; }

    /// <summary>Destination: whether the source had something new since the question was sent that is not answered yet.</summary>
    public bool IsPoked { get; set; }

    /// <summary>Destination: the failures for which the alarm was raised.</summary>
    public int Alarmed { get; set; }

    /// <summary>Whether a step or report is due: another one than the last, or the last one too long ago.</summary>
    public bool IsDue(HandoffKind kind, int attempt, long number, long nowMs, int retryMs)
    {
        (HandoffKind, int, long) step = (kind, attempt, number);
        if (step == Said && nowMs - SaidAtMs < retryMs) return false;
        Said = step;
        SaidAtMs = nowMs;
        return true;
    }
}

namespace Quorleans.KeyValue.Handoff;

public sealed partial class HandoffDriver
{
    private void StepSource(long nowMs, in MoveOrder order, ShardStatus shard, List<HandoffEffect> effects)
    {
        ShardMove move = order.Move;
        bool isMine = shard.Move == move;
        bool isRunning = isMine && shard.Phase is ShardPhase.Exporting or ShardPhase.Frozen;
        if (!TryEnter(move.To, isSource: true) && !isRunning && !order.AbortWanted) return;
        switch (shard.Phase)
        {
            case ShardPhase.Serving when isMine && shard.Aborted:
                Slow(WorkOf(move), 0, effects);
                Report(nowMs, HandoffEffectKind.ReportAborted, move, effects);
                break;
            case ShardPhase.Serving when shard.Move.Id < move.Id && move.Epoch == shard.Epoch + 1:
                Propose(nowMs, order.AbortWanted ? HandoffKind.ExportAbort : HandoffKind.ExportBegin, move, order.AbortWanted ? 0 : 1, effects);
                break;
            case ShardPhase.Exporting when isMine:
                Export(nowMs, order, shard, effects);
                break;
            case ShardPhase.Frozen when isMine:
                Slow(WorkOf(move), 0, effects);
                if (!shard.HasView || shard.PeerFailed) Propose(nowMs, HandoffKind.ExportBegin, move, shard.Attempt + 1, effects);
                else if (WorkOf(move).IsDue(HandoffKind.None, shard.Attempt, -1, nowMs, options.RetryMs))
                    effects.Add(new HandoffEffect { Kind = HandoffEffectKind.Poke, Move = move, Peer = move.To });
                break;
        }
    }

    private void Export(long nowMs, in MoveOrder order, ShardStatus shard, List<HandoffEffect> effects)
    {
        ShardMove move = order.Move;
        MoveWork work = WorkOf(move);
        if (order.AbortWanted)
        {
            Propose(nowMs, HandoffKind.ExportAbort, move, 0, effects);
            return;
        }

        if (!shard.HasView || shard.PeerFailed)
        {
            Propose(nowMs, HandoffKind.ExportBegin, move, shard.Attempt + 1, effects);
            return;
        }

        if (shard.Asked != work.PeerAsked)
        {
            // What stood there when this leader first looked tells nothing of now.
            if (work.PeerAsked >= 0 || shard.Asked == 0) work.PeerAskedAtMs = nowMs;
            work.PeerAsked = shard.Asked;
        }

        bool isThere = shard.Asked > 0 && nowMs - work.PeerAskedAtMs <= options.FreshMs;
        bool isClose = shard.LagOperations <= options.Limits.FreezeLagOperations && shard.LagBytes <= options.Limits.FreezeLagBytes;
        if (options.FreezesBeforeCopy || (isThere && isClose)) Propose(nowMs, HandoffKind.Freeze, move, shard.Attempt, effects);
        else if (shard.Asked > 0) WatchLag(nowMs, work, shard, effects);
    }

    /// <summary>Doubles the delay of writes while the lag does not shrink, halves it while it does.</summary>
    private void WatchLag(long nowMs, MoveWork work, ShardStatus shard, List<HandoffEffect> effects)
    {
        if (nowMs - work.LagAtMs < options.LagSampleMs) return;
        bool first = work.LagAtMs == MoveWork.Never;
        bool shrinks = shard.LagBytes < work.LagBytes;
        work.LagAtMs = nowMs;
        work.LagBytes = shard.LagBytes;
        if (!first) Slow(work, shrinks ? work.SlowMs / 2 : Math.Clamp(work.SlowMs * 2, 1, options.MaxSlowMs), effects);
    }

    private static void Slow(MoveWork work, int delayMs, List<HandoffEffect> effects)
    {
        if (work.SlowMs == delayMs) return;
        work.SlowMs = delayMs;
        effects.Add(new HandoffEffect { Kind = HandoffEffectKind.SlowWrites, Move = work.Move, DelayMs = delayMs });
    }
}

namespace Quorleans.KeyValue.Handoff;

public sealed partial class HandoffDriver
{
    private void StepDestination(long nowMs, in ShardMove move, ShardStatus shard, List<HandoffEffect> effects)
    {
        if (shard.Epoch >= move.Epoch)
        {
            Report(nowMs, HandoffEffectKind.ReportCommitted, move, effects);
            return;
        }

        bool isImporting = shard.Phase == ShardPhase.Importing && shard.Move == move;
        bool mayBegin = shard.Move.Id < move.Id && shard.Phase is ShardPhase.Absent or ShardPhase.Released or ShardPhase.Importing;
        // Cancelled already, or the former move of the shard is not tidied up yet.
        if (!isImporting && !(mayBegin && shard.Move.Id < move.Id)) return;
        if (move.From.IsNone)
        {
            Propose(nowMs, HandoffKind.ActivateEmpty, move, 0, effects);
            return;
        }

        if (!TryEnter(move.From, isSource: false) && !isImporting) return;
        MoveWork work = WorkOf(move);
        Follow(nowMs, work, shard, isImporting);
        if (isImporting && shard.Failures >= options.MaxFailures && shard.Stage == ImportStage.Failed)
        {
            if (work.Alarmed != shard.Failures)
            {
                effects.Add(Alarm(move, shard));
                work.NextPullMs = nowMs + options.FailedRetryMs;
            }

            work.Alarmed = shard.Failures;
        }

        if (work.IsAsking && nowMs - work.AskedAtMs < options.PullTimeoutMs) return;
        if (nowMs < work.RestsUntilMs) _restMs = Math.Min(_restMs, (int)(work.RestsUntilMs - nowMs));
        if (nowMs < work.NextPullMs || !HasRoom(work, shard)) return;
        work.IsAsking = true;
        work.AskedAtMs = nowMs;
        var request = new PullRequest
        {
            Move = move, Stage = work.Stage, Attempt = work.Attempt, Start = work.Start, Next = work.Next, Position = work.Position,
        };
        effects.Add(new HandoffEffect { Kind = HandoffEffectKind.Pull, Move = move, Peer = move.From, Payload = request.ToArray() });
    }

    /// <summary>Brings what is asked for next in line with what was applied.</summary>
    private void Follow(long nowMs, MoveWork work, ShardStatus shard, bool isImporting)
    {
        ImportStage stage = isImporting ? shard.Stage : ImportStage.None;
        int attempt = isImporting ? shard.Attempt : 0;
        if (work.Applied != shard.Next || stage != work.Stage)
        {
            // All that was proposed is applied, so the last question was for the last of it.
            if (stage == work.Stage && shard.Next == work.Next) Rest(nowMs, work);
            work.Applied = shard.Next;
            work.AppliedAtMs = nowMs;
        }

        bool isOther = stage != work.Stage || attempt != work.Attempt || (isImporting && shard.Start != work.Start);
        // What was proposed and did not come through (another leader's log, say) is asked for again.
        bool isStuck = work.Next != shard.Next && nowMs - work.AppliedAtMs >= options.RetryMs;
        if (!isOther && !isStuck && work.Next >= shard.Next) return;
        work.Stage = stage;
        work.Attempt = attempt;
        work.Start = isImporting ? shard.Start : 0;
        work.Next = isImporting ? shard.Next : 0;
        work.Position = isImporting ? shard.Position : default;
        work.IsCopied = false;
        work.AppliedAtMs = nowMs;
        if (isOther) work.NextPullMs = MoveWork.Never;
    }

    private void Rest(long nowMs, MoveWork work)
    {
        int times = work.Stage == ImportStage.Copying ? options.ChunkRestTimes : work.IsFullDelta ? options.DeltaRestTimes : 0;
        if (times == 0 || work.IsAsking) return;
        work.NextPullMs = Math.Max(work.NextPullMs, nowMs + Math.Min(times * (nowMs - work.AskedAtMs), options.MaxRestMs));
        work.RestsUntilMs = work.NextPullMs;
    }

    private bool HasRoom(MoveWork work, ShardStatus shard) => work.Stage switch
    {
        ImportStage.Copying => !work.IsCopied && work.Next - shard.Next < options.ChunkWindow,
        ImportStage.CatchingUp => work.Next == shard.Next,
        _ => true,
    };

    private void TakeAnswer(long nowMs, MoveWork work, in PullAnswer answer, List<HandoffEffect> effects)
    {
        // A copy that failed often waits longer than that.
        work.NextPullMs = Math.Max(work.NextPullMs, work.IsPoked ? nowMs : nowMs + options.PollMs);
        bool isPoked = work.IsPoked;
        work.IsPoked = false;
        bool isSame = answer.Attempt == work.Attempt && answer.Start == work.Start;
        switch (answer.Kind)
        {
            case PullKind.Begin when !isSame || work.Stage == ImportStage.None:
                Log(nowMs, HandoffKind.ImportBegin, work, answer, 0, effects);
                break;
            case PullKind.Chunk when isSame && work.Stage == ImportStage.Copying && answer.Number == work.Next && !work.IsCopied:
                Log(nowMs, HandoffKind.ImportChunk, work, answer, answer.Number, effects);
                work.Next++;
                work.Position = answer.Position;
                work.IsCopied = answer.IsLast;
                work.NextPullMs = answer.IsLast ? nowMs : nowMs + options.ChunkPauseMs;
                break;
            case PullKind.Delta when isSame && work.Stage == ImportStage.CatchingUp && answer.From == work.Next && answer.To > answer.From:
                Log(nowMs, HandoffKind.ImportDelta, work, answer, answer.From, effects);
                work.Next = answer.To;
                work.NextPullMs = nowMs;
                work.IsFullDelta = !isPoked && answer.Content.Length > options.Limits.DeltaBytes / 2;
                break;
            case PullKind.Frozen when isSame && work.Stage == ImportStage.CatchingUp && answer.From == work.Next:
                Log(nowMs, HandoffKind.Activate, work, answer, answer.From, effects);
                break;
            case PullKind.Aborted when work.Stage != ImportStage.None:
                Propose(nowMs, HandoffKind.ImportCancel, work.Move, 0, effects);
                break;
        }
    }

    private void Log(long nowMs, HandoffKind kind, MoveWork work, in PullAnswer answer, long number, List<HandoffEffect> effects)
    {
        // A chunk that is asked for again is to be logged again, so the retry time does not count for it.
        int retryMs = kind is HandoffKind.ImportChunk or HandoffKind.ImportDelta ? 0 : options.RetryMs;
        if (!work.IsDue(kind, answer.Attempt, number, nowMs, retryMs)) return;
        ReadOnlyMemory<byte> payload = new HandoffCommand
        {
            Kind = kind, Move = work.Move, Attempt = answer.Attempt, Start = answer.Start, Revision = answer.Revision,
            Number = answer.Number, IsLast = answer.IsLast, Position = answer.Position.Span, From = answer.From, To = answer.To,
            FreezeIndex = answer.FreezeIndex, TimeMs = answer.TimeMs, Seal = answer.Seal, Content = answer.Content.Span,
        }.Encode();
        effects.Add(new HandoffEffect { Kind = HandoffEffectKind.Propose, Move = work.Move, Payload = payload, NotBeforeMs = answer.TimeMs });
    }

    private static HandoffEffect Alarm(in ShardMove move, ShardStatus shard) => new()
    {
        Kind = HandoffEffectKind.Alarm, Move = move,
        Text = $"The {move} failed {shard.Failures} times: what arrived is not what the source has. The source keeps the shard's data and the destination "
            + "serves nothing; it goes on trying. Compare the replicas' digests at both groups, and replace those that differ.",
    };
}

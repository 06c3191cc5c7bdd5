namespace Quorleans.KeyValue.Store;

internal sealed partial class ShardHandoff
{
    /// <summary>Tells a destination what comes next. Changes nothing that is replicated; drops operations that the destination has.</summary>
    public PullAnswer Answer(StoreState state, in PullRequest request)
    {
        ShardMove move = request.Move;
        if (move.From != Self || (uint)move.Shard.Value >= (uint)state.Slots.Length) return Short(PullKind.WrongGroup, move);
        ShardSlot slot = state.Slots[move.Shard.Value];
        ShardPhase phase = state.Phases[move.Shard.Value];
        if (slot.Move.Id < move.Id) return Short(PullKind.NotBegun, move);
        if (slot.Move.Id > move.Id || slot.Aborted) return Short(PullKind.Aborted, move);
        if (phase == ShardPhase.Released) return Short(PullKind.Released, move);
        if (slot.Move != move || phase is not (ShardPhase.Exporting or ShardPhase.Frozen)) return Short(PullKind.WrongGroup, move);

        PullAnswer answer = new() { Kind = PullKind.NoView, Move = move.Id, Shard = move.Shard, Attempt = slot.Attempt, Start = slot.Start };
        ExportView? view = ViewOf(state, slot, move.Shard.Value);
        Shard? image = view?.Image ?? (IsOwnView(slot, phase) ? state.Shards[move.Shard.Value] : null);
        if (image is null) return answer;
        if (request.Stage == ImportStage.None || request.Attempt != slot.Attempt || request.Start != slot.Start)
            return answer with { Kind = PullKind.Begin, Revision = image.Revision };

        switch (request.Stage)
        {
            case ImportStage.Failed:
                _failed[move.Shard.Value] = slot.Attempt;
                return answer;
            case ImportStage.Copying:
                ReadOnlyMemory<byte>? chunk = ShardChunk.Read(image, request.Position.Span, sizes.ChunkBytes, out byte[] next, out bool isLast);
                return chunk is null
                    ? Short(PullKind.WrongGroup, move)
                    : answer with { Kind = PullKind.Chunk, Number = request.Next, Position = next, IsLast = isLast, Content = chunk.Value };
            default:
                return AnswerOperations(view, slot, phase, answer, request.Next, state.Shards[move.Shard.Value]);
        }
    }

    /// <summary>Describes a shard.</summary>
    public ShardStatus Describe(StoreState state, int shard)
    {
        ShardSlot slot = state.Slots[shard];
        ShardPhase phase = state.Phases[shard];
        ShardImport? import = slot.Import;
        Shard data = import?.Shard ?? state.Shards[shard];
        ExportView? view = ViewOf(state, slot, shard);
        ImportStage stage = phase != ShardPhase.Importing ? ImportStage.None
            : import is null ? ImportStage.Failed
            : import.IsCopied ? ImportStage.CatchingUp
            : ImportStage.Copying;
        return new ShardStatus
        {
            Shard = new ShardId(shard), Phase = phase, Epoch = slot.Epoch, Move = slot.Move, Aborted = slot.Aborted,
            Attempt = slot.Attempt, Start = slot.Start, Stage = stage,
            Next = import is null ? 0 : import.IsCopied ? import.Through : import.NextChunk,
            Position = import?.Position, Failures = slot.Failures, FreezeIndex = slot.FreezeIndex,
            Owner = slot.Owner, OwnerEpoch = slot.OwnerEpoch, Keys = data.Keys, Bytes = data.Bytes, Seal = data.Seal,
            HasView = view is not null || IsOwnView(slot, phase), Asked = view?.Asked ?? 0, LagOperations = view?.Kept ?? 0,
            LagBytes = view?.Bytes ?? 0, PeerFailed = slot.Attempt > 0 && _failed[shard] == slot.Attempt && IsSource(phase),
        };
    }

    private PullAnswer AnswerOperations(ExportView? view, ShardSlot slot, ShardPhase phase, PullAnswer answer, long from, Shard shard)
    {
        bool isStale = view is not null && (from < view.First || from > view.Count);
        PullAnswer nothing = answer with { Kind = PullKind.Delta, From = from, To = from };
        if (isStale) return nothing;
        long to = from;
        ReadOnlyMemory<byte> content = default;
        bool isFrozen = phase == ShardPhase.Frozen;
        if (view is not null)
        {
            view.Forget(from);
            view.Asked++;
            bool isFinal = isFrozen && view.Bytes <= sizes.FinalBytes;
            to = view.Read(from, isFinal ? int.MaxValue : sizes.DeltaBytes, out content);
            isFrozen &= to == view.Count;
        }

        if (!isFrozen) return answer with { Kind = PullKind.Delta, From = from, To = to, Content = content };
        return answer with
        {
            Kind = PullKind.Frozen, From = from, To = to, Content = content,
            FreezeIndex = slot.FreezeIndex, TimeMs = slot.FreezeTimeMs, Seal = shard.Seal,
        };
    }

    private static bool IsSource(ShardPhase phase) => phase is ShardPhase.Exporting or ShardPhase.Frozen;

    /// <summary>Whether the shard itself is the attempt's view: the attempt began behind the freeze.</summary>
    private static bool IsOwnView(ShardSlot slot, ShardPhase phase) => phase == ShardPhase.Frozen && slot.Start > slot.FreezeIndex;

    private ExportView? ViewOf(StoreState state, ShardSlot slot, int shard) =>
        IsSource(state.Phases[shard]) && _views[shard] is { } view && view.Attempt == slot.Attempt ? view : null;

    private static PullAnswer Short(PullKind kind, in ShardMove move) => new() { Kind = kind, Move = move.Id, Shard = move.Shard };
}

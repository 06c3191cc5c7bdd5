using CsCheck;
using Quorleans.Raft;

namespace Quorleans.KeyValue.Tests;

/// <summary>
/// Random histories of three clients against <see cref="ModelStore"/>: batches, operations sent out of order, repeated and abandoned,
/// time that passes, restarts from snapshots, and views that are written out long after they were taken.
/// </summary>
public sealed class ModelTests
{
    private static readonly KeyValueLimits _limits = KeyValueLimits.Default with { MaxValueBytes = 40, MaxTransactionResultBytes = 60, ResultRetentionMs = 2000 };

    private static readonly Gen<(int Action, int Client, int Key, int Dice)[]> _history =
        Gen.Select(Gen.Int[0, 99], Gen.Int[0, 2], Gen.Int[0, 25], Gen.Int[0, 9999]).Array[1, 400];

    [Fact]
    public void Store_BehavesAsTheModel() => _history.Sample(steps => new Run(ShardFunction.HashTag(4)).Play(steps), iter: 400);

    [Fact]
    public void Store_BehavesAsTheModel_WithTheLabsShards() =>
        _history.Sample(steps => new Run(ShardFunction.FirstByteModulo(10)).Play(steps), iter: 100);

    private sealed class Run
    {
        private readonly ShardFunction _shardFunction;
        private readonly TestStore _restarted;
        private readonly TestStore _steady;
        private readonly ModelStore _model;
        private readonly List<Sender> _clients = [];
        private readonly List<(ISnapshotView View, byte[] Bytes)> _views = [];

        public Run(ShardFunction shardFunction)
        {
            _shardFunction = shardFunction;
            _restarted = new TestStore(_limits, shardFunction);
            _steady = new TestStore(_limits, shardFunction);
            _model = new ModelStore(shardFunction, _limits);
            for (int i = 0; i < 3; i++) _clients.Add(new Sender());
        }

        public void Play((int Action, int Client, int Key, int Dice)[] steps)
        {
            foreach ((int action, int client, int key, int dice) in steps) Step(action, client, key, dice);
            Assert.Equal(_model.Data.Keys, _steady.Scan().Keys);
            foreach ((string key, (string Value, long Version) value) in _model.Data) Assert.Equal((value.Value, value.Version), _restarted.Get(key));
            foreach ((ISnapshotView view, byte[] bytes) in _views) Assert.Equal(bytes, TestStore.Written(view));
            _restarted.RestoreFrom(_restarted.Snapshot());
            Assert.Equal(_steady.Snapshot(), _restarted.Snapshot());
            Assert.Equal(_steady.Machine.Statistics, _restarted.Machine.Statistics);
        }

        private void Step(int action, int client, int key, int dice)
        {
            Sender sender = _clients[client];
            switch (action)
            {
                case < 45:
                    sender.Issue(NewOperation(sender, key, dice), _shardFunction);
                    break;
                case < 80:
                    Send(client, sender.Choose(dice));
                    break;
                case < 90:
                    _restarted.Now = _steady.Now += dice % 5 == 0 ? dice : dice / 50;
                    break;
                case < 93:
                    sender.Abandon(dice);
                    break;
                case < 97:
                    _restarted.RestoreFrom(_restarted.Snapshot());
                    break;
                default:
                    ISnapshotView view = _steady.Machine.Capture();
                    if (dice % 2 == 0) _views.Add((view, _steady.Snapshot()));
                    break;
            }
        }

        private WriteOperation NewOperation(Sender sender, int key, int dice)
        {
            string name = "k" + (char)('a' + key);
            long deadline = dice % 3 == 0 ? 0 : _steady.Now + dice % 700;
            long expected = _model.Data.GetValueOrDefault(name).Version + (dice % 8 == 0 ? 1 : 0);
            long sequence = ++sender.LastSequence;
            string value = $"{sequence};";
            return (dice / 3 % 10) switch
            {
                8 or 9 => RandomTransaction.Of(sequence, [name, .. Neighbours(name)], expected, value, dice, deadline),
                0 or 1 => TestStore.Put(sequence, name, value, 0, deadline),
                2 or 3 or 4 => TestStore.Append(sequence, name, value, 0, deadline),
                5 => TestStore.Delete(sequence, name, 0, deadline),
                _ => TestStore.CompareAndSet(sequence, name, expected, value, 0, deadline),
            };
        }

        private string[] Neighbours(string name)
        {
            ShardId shard = _shardFunction.Of(System.Text.Encoding.UTF8.GetBytes(name));
            return [.. Enumerable.Range(0, 26).Select(i => "k" + (char)('a' + i))
                .Where(other => _shardFunction.Of(System.Text.Encoding.UTF8.GetBytes(other)) == shard).Take(3)];
        }

        private void Send(int client, WriteOperation[] operations)
        {
            if (operations.Length == 0) return;
            ReadOnlyMemory<byte> reply = _steady.ApplyRaw(client, operations);
            Assert.Equal(reply.ToArray(), _restarted.ApplyRaw(client, operations).ToArray());
            OperationResult[] results = TestStore.Read(reply);
            Assert.Equal(_steady.Machine.Digest, _restarted.Machine.Digest);
            for (int i = 0; i < operations.Length; i++)
            {
                Assert.Contains(Transactions.Render(results[i]), _model.Apply(client, operations[i], _steady.Now, results[i].Status));
                _clients[client].Answered(operations[i].Sequence);
            }
        }
    }

    /// <summary>A client that keeps the rules: one deadline for all attempts, floors only over what is answered or given up.</summary>
    private sealed class Sender
    {
        private readonly List<(WriteOperation Operation, ShardId Shard)> _sent = [];
        private readonly HashSet<long> _outstanding = [];

        public long LastSequence { get; set; }

        public void Issue(WriteOperation operation, ShardFunction function)
        {
            _sent.Add((operation, function.Of(operation.Key.Span)));
            _outstanding.Add(operation.Sequence);
        }

        public void Answered(long sequence) => _outstanding.Remove(sequence);

        public void Abandon(int dice)
        {
            // Only what has a deadline is given up: a copy of anything else may be applied after the session that refused it is gone.
            if (_sent.Count > 0 && _sent[dice % _sent.Count].Operation is { DeadlineMs: > 0 } operation) _outstanding.Remove(operation.Sequence);
        }

        /// <summary>Some operations, outstanding or long answered (copies that were under way), in any order.</summary>
        public WriteOperation[] Choose(int dice)
        {
            var chosen = new List<WriteOperation>();
            for (int i = 0; i < 1 + dice % 6 && _sent.Count > 0; i++)
            {
                int back = dice / (i + 1) % (dice % 4 == 0 ? _sent.Count : Math.Min(_sent.Count, 8));
                (WriteOperation operation, ShardId shard) = _sent[_sent.Count - 1 - back];
                chosen.Add(operation with { Floor = Math.Min(Floor(shard), operation.Sequence - 1) });
            }

            return [.. chosen];
        }

        private long Floor(ShardId shard)
        {
            long floor = 0;
            foreach ((WriteOperation operation, ShardId of) in _sent)
            {
                if (of != shard) continue;
                if (_outstanding.Contains(operation.Sequence)) return operation.Sequence - 1;
                floor = operation.Sequence;
            }

            return floor;
        }
    }
}

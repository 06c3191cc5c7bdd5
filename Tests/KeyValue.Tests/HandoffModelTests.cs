using CsCheck;
using static System.Text.Encoding;

namespace Quorleans.KeyValue.Tests;

/// <summary>
/// Random interleavings of moves (chained, too), aborts, clients with retries, lost, repeated, reordered and late messages, leader changes and restarts
/// from snapshots in mid-move, against one model of all data: whatever a client is answered by whichever group must be what the model answers.
/// </summary>
public sealed class HandoffModelTests
{
    private static readonly Gen<(int Action, int Who, int What, int Dice)[]> _history =
        Gen.Select(Gen.Int[0, 99], Gen.Int[0, 2], Gen.Int[0, 8], Gen.Int[0, 9999]).Array[50, 700];

    [Fact]
    public void Groups_BehaveAsOneStore_WhateverHappensToMessagesAndLeaders() => _history.Sample(steps => new Run().Play(steps), iter: 50);

    [Fact]
    public void History_ExercisesCommitsAndAborts()
    {
        // Otherwise the property above could hold because nothing ever moves.
        int committed = 0, aborted = 0;
        var random = new Random(7);
        for (int i = 0; i < 10; i++)
        {
            var steps = new (int, int, int, int)[700];
            for (int j = 0; j < steps.Length; j++) steps[j] = (random.Next(100), random.Next(3), random.Next(9), random.Next(10_000));
            var run = new Run();
            run.Play(steps);
            committed += run.World.Committed;
            aborted += run.World.Aborted;
        }

        Assert.True(committed > 30 && aborted > 3, $"{committed} committed, {aborted} aborted");
    }

    [Fact]
    public void ChainedMoves_BackToTheFirstOwner_WithRestartsAndNoClients_End()
    {
        // S1, S3: nobody but the drivers of leaders that know nothing keeps the moves going.
        var run = new Run();
        for (int i = 0; i < 20; i++) run.Write(0, 0, i, 0);
        for (int lap = 0; lap < 3; lap++)
        {
            foreach (int to in (int[])[1, 2, 0])
            {
                for (int shard = 0; shard < 3; shard++) run.World.Plan(shard, to);
                for (int i = 0; i < 5; i++)
                {
                    run.World.Step(i % 3, 0);
                    run.World.Deliver(i, keep: false);
                    foreach (HandoffWorld.Group group in run.World.Groups) group.Restart();
                }

                run.World.Settle();
                Assert.All(Enumerable.Range(0, 3), shard => Assert.Equal(to, run.World.OwnerOf(shard)));
            }
        }

        run.End();
    }

    private sealed class Run
    {
        private readonly ModelStore _model = new(HandoffWorld.Shards, HandoffWorld.Limits);
        private readonly List<(WriteOperation Operation, bool Done)>[] _sent = [[], [], []];

        public HandoffWorld World { get; } = new();

        public void Play((int Action, int Who, int What, int Dice)[] steps)
        {
            foreach ((int action, int who, int what, int dice) in steps)
            {
                Step(action, who, what, dice);
                World.Check();
            }

            World.Settle();
            End();
        }

        public void End()
        {
            World.CheckNoOrphans();
            foreach (HandoffWorld.Group group in World.Groups) group.ChangeLeader();
            for (int client = 0; client < 3; client++)
            {
                for (int i = 0; i < _sent[client].Count; i++) Send(client, i, World.OwnerOf(HandoffWorld.Shards.Of(_sent[client][i].Operation.Key.Span).Value));
            }

            var keys = new SortedSet<string>(StringComparer.Ordinal);
            foreach (HandoffWorld.Group group in World.Groups) keys.UnionWith(group.Leader.Scan().Keys);
            Assert.Equal(_model.Data.Keys, keys);
            foreach (string key in keys) Read(key, World.OwnerOf(HandoffWorld.Shards.Of(UTF8.GetBytes(key)).Value));
        }

        public void Write(int client, int group, int what, int dice)
        {
            string key = $"{(char)('a' + what % 3)}{what}";
            long sequence = _sent[client].Count + 1;
            string value = dice % 20 == 0 ? new string('x', 400) : $"{sequence};";
            long version = _model.Data.GetValueOrDefault(key).Version;
            string[] neighbours = [key, $"{key[0]}{(what + 3) % 9}", $"{key[0]}{(what + 6) % 9}"];
            _sent[client].Add(((dice % 7) switch
            {
                6 => RandomTransaction.Of(sequence, neighbours, version, value, dice / 7, deadline: 0),
                0 => TestStore.Put(sequence, key, value),
                1 => TestStore.Delete(sequence, key),
                2 => TestStore.CompareAndSet(sequence, key, version, value),
                _ => TestStore.Append(sequence, key, value),
            }, false));
            Send(client, _sent[client].Count - 1, group);
        }

        private void Step(int action, int who, int what, int dice)
        {
            World.Now += dice % 30;
            switch (action)
            {
                case < 18:
                    Write(what % 3, who, what, dice);
                    break;
                case < 24 when _sent[what % 3].Count > 0:
                    int back = Math.Min(_sent[what % 3].Count, 1 + dice % 12);
                    Send(what % 3, _sent[what % 3].Count - back, who);
                    break;
                case < 28:
                    Read($"{(char)('a' + what % 3)}{what}", who);
                    break;
                case < 32:
                    World.Plan(what % 3, dice % 3);
                    break;
                case < 33:
                    World.WantAbort(what % 3);
                    break;
                case < 60:
                    World.Step(who, dice % 4 == 0 ? dice % 5 : 0);
                    break;
                case < 90:
                    // Mostly the oldest first, or nothing would ever come through; sometimes anything.
                    for (int i = 0; i < 4; i++) World.Deliver(dice % 3 == 0 ? dice / (i + 1) : 0, keep: dice % 7 == 0);
                    break;
                case < 94:
                    World.Lose(dice);
                    break;
                case < 96:
                    World.Groups[who].CatchUp();
                    break;
                case < 98:
                    World.Groups[who].ChangeLeader();
                    break;
                case < 99:
                    World.Groups[who].Restart();
                    break;
                default:
                    World.Now += 1000;
                    break;
            }
        }

        private void Send(int client, int index, int group)
        {
            WriteOperation operation = _sent[client][index].Operation;
            long floor = 0;
            foreach ((WriteOperation earlier, bool done) in _sent[client])
            {
                if (!done || earlier.Sequence >= operation.Sequence) break;
                floor = earlier.Sequence;
            }

            // A client that is not sure goes on with floors below what it may still repeat.
            operation = operation with { Floor = Math.Max(0, Math.Min(floor, operation.Sequence - 1) - 12) };
            var builder = new WriteBatchBuilder(HandoffWorld.Limits);
            builder.Begin(TestStore.Client(client));
            Assert.True(builder.TryAdd(operation));
            OperationResult result = TestStore.Read(World.Groups[group].Commit(builder.ToArray(), World.Now / 3 * (group + 1), wantResult: true)).Single();
            if (result.Status is OperationStatus.WrongShard or OperationStatus.Moving) return;
            Assert.Contains(Transactions.Render(result), _model.Apply(client, operation, World.Now, result.Status));
            _sent[client][index] = (_sent[client][index].Operation, true);
        }

        private void Read(string key, int group)
        {
            OperationResult result = World.Groups[group].Leader.Query(ReadOperation.Get(UTF8.GetBytes(key))).Single();
            if (result.Status is OperationStatus.WrongShard or OperationStatus.Moving) return;
            bool exists = _model.Data.TryGetValue(key, out (string Value, long Version) expected);
            Assert.Equal(exists ? OperationStatus.Ok : OperationStatus.NotFound, result.Status);
            if (exists) Assert.Equal(expected, (UTF8.GetString(result.Value.Span), result.Version));
        }
    }
}

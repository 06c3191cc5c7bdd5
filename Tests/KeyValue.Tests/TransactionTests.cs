using static Quorleans.KeyValue.Tests.TestStore;
using static Quorleans.KeyValue.Tests.Transactions;

namespace Quorleans.KeyValue.Tests;

public sealed class TransactionTests
{
    private static readonly KeyValueLimits _limits = KeyValueLimits.Default with { MaxValueBytes = 20, MaxTransactionResultBytes = 30, MaxSessionResultBytes = 3000 };
    private readonly TestStore _store = new(_limits, ShardFunction.HashTag(1));

    public static TheoryData<string, TransactionCompare, bool> Comparisons { get; } = new()
    {
        { "exists", Exists("a"), true },
        { "exists not", Exists("none"), false },
        { "missing", Missing("none"), true },
        { "missing not", Missing("a"), false },
        { "version =", Version("a", CompareOperator.Equal, 2), true },
        { "version = other", Version("a", CompareOperator.Equal, 1), false },
        { "version !=", Version("a", CompareOperator.NotEqual, 1), true },
        { "version <", Version("a", CompareOperator.Less, 3), true },
        { "version < same", Version("a", CompareOperator.Less, 2), false },
        { "version >", Version("a", CompareOperator.Greater, 1), true },
        { "version > same", Version("a", CompareOperator.Greater, 2), false },
        { "version of none is 0", Version("none", CompareOperator.Less, 1), true },
        { "value =", Value("a", CompareOperator.Equal, "m"), true },
        { "value = other", Value("a", CompareOperator.Equal, "mm"), false },
        { "value !=", Value("a", CompareOperator.NotEqual, "n"), true },
        { "value <", Value("a", CompareOperator.Less, "ma"), true },
        { "value >", Value("a", CompareOperator.Greater, "lzz"), true },
        { "value of none is not even different", Value("none", CompareOperator.NotEqual, "x"), false },
        { "empty value is a value", Value("empty", CompareOperator.Equal, ""), true },
    };

    [Theory]
    [MemberData(nameof(Comparisons))]
    public void Compare_DecidesWhichBranchRuns(string name, TransactionCompare compare, bool holds)
    {
        Assert.NotEmpty(name);
        _store.Apply(1, TestStore.Put(1, "empty", ""), TestStore.Put(2, "a", "m"));
        Assert.Equal(holds ? "Ok: Ok@3" : "CompareFailed: NotFound", Apply(Write(3, [compare], [Put("then", "1")], [Get("then")])));
        Assert.Equal(holds ? "1" : null, _store.Get("then").Value);
        Assert.Equal(
            holds ? "Ok: Ok@2=m" : "CompareFailed: NotFound", Render(_store.Query(Transactions.Read([compare], [Get("a")], [Get("none")]))[0]));
    }

    [Fact]
    public void AllCompares_MustHold()
    {
        _store.Apply1(1, TestStore.Put(1, "a", "1"));
        Assert.Equal("CompareFailed:", Apply(Write(2, [Exists("a"), Exists("b")], [Put("b", "1")])));
        Assert.Equal("Ok: Ok@2", Apply(Write(3, [Exists("a"), Missing("b")], [Put("b", "1")])));
    }

    [Fact]
    public void Steps_RunInOrder_AndSeeThoseBefore()
    {
        Assert.Equal(
            "Ok: NotFound Ok@1 Ok@1=1 Ok@2 Ok@2=12 Ok NotFound NotFound Ok@4",
            Apply(Write(1, [], [Get("a"), Put("a", "1"), Get("a"), Append("a", "2"), Get("a"), Delete("a"), Delete("a"), Get("a"), Append("a", "3")])));
        Assert.Equal(("3", 4), _store.Get("a"));
    }

    [Fact]
    public void Compares_AreOfTheStateBefore()
    {
        _store.Apply1(1, TestStore.Put(1, "a", "1"));
        // The second comparison would not hold after the first branch.
        Assert.Equal("Ok: Ok@2 Ok@3", Apply(Write(2, [Version("a", CompareOperator.Equal, 1)], [Put("a", "2"), Put("b", "3")], [Delete("a")])));
    }

    [Fact]
    public void OneStepThatCannotBe_UndoesNothing_SinceNothingWasDone()
    {
        _store.Apply1(1, TestStore.Put(1, "a", new string('a', 15)));
        UInt128 seal = _store.Machine.DescribeShard(new ShardId(0)).Seal;
        Assert.Equal("ValueTooLarge", Apply(Write(2, [], [Put("b", "1"), Append("a", "23456"), Append("a", "7"), Delete("a")])));
        Assert.Equal((null, 0), _store.Get("b"));
        Assert.NotEqual(seal, _store.Machine.DescribeShard(new ShardId(0)).Seal); // the retry's answer
        Assert.Equal("ValueTooLarge", Apply(Write(2, [], [Put("b", "1")])));
        // What comes before counts: here the value is short, and then gone.
        Assert.Equal("Ok: Ok@2 Ok@3 Ok", Apply(Write(3, [], [Put("a", "1"), Append("a", new string('b', 19)), Delete("a")])));
    }

    [Fact]
    public void ResultsOverTheLimit_AreRefused_AndNothingIsDone()
    {
        _store.Apply(1, TestStore.Put(1, "a", new string('a', 20)), TestStore.Put(2, "b", new string('b', 11)));
        Assert.Equal("ResultTooLarge", Apply(Write(3, [], [Put("c", "1"), Get("a"), Get("b")])));
        Assert.Equal("ResultTooLarge", Render(_store.Query(Transactions.Read([], [Get("a"), Get("b")]))[0]));
        Assert.Equal((null, 0), _store.Get("c"));
        Assert.Equal("ResultTooLarge", Apply(Write(3, [], [Put("c", "1"), Get("a"), Get("b")])));
        Assert.StartsWith("Ok: Ok@3 Ok@1=aaa", Apply(Write(4, [], [Put("b", "1"), Get("a"), Get("b")])), StringComparison.Ordinal);
    }

    [Fact]
    public void Retry_GetsTheFirstBody_AlsoAfterASnapshot()
    {
        WriteOperation transaction = Write(1, [Missing("a")], [Put("a", "1"), Get("a")], [Get("a")]);
        Assert.Equal("Ok: Ok@1 Ok@1=1", Apply(transaction));
        _store.Apply1(1, TestStore.Put(2, "a", "2"));
        Assert.Equal("Ok: Ok@1 Ok@1=1", Apply(transaction));
        UInt128 digest = _store.Machine.Digest;
        byte[] snapshot = _store.Snapshot();
        _store.RestoreFrom(snapshot);
        Assert.Equal(digest, _store.Machine.Digest);
        Assert.Equal(snapshot, _store.Snapshot());
        Assert.Equal("Ok: Ok@1 Ok@1=1", Apply(transaction));
        Assert.Equal(("2", 2), _store.Get("a"));
    }

    [Fact]
    public void DamagedBodyInASnapshot_IsFound()
    {
        Apply(Write(1, [], [Put("a", "precious"), Get("a")]));
        byte[] snapshot = _store.Snapshot();
        int at = snapshot.AsSpan().LastIndexOf("precious"u8);
        snapshot[at] ^= 1;
        Assert.Contains("adds up", Assert.Throws<InvalidDataException>(() => _store.RestoreFrom(snapshot)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Move_TakesTransactionsAndTheirBodiesAlong()
    {
        var pair = new HandoffPair();
        WriteOperation[] transactions =
        [
            Write(1, [Missing("a")], [Put("a", new string('a', 500)), Get("a")]), // a body larger than a chunk
            Write(2, [Exists("a")], [Append("a", "!"), Put("b", "1"), Get("b")]),
            Write(3, [Missing("a")], [], [Get("a"), Get("b")]),
            Write(4, [], [Delete("b"), Append("c", "during the copy"), Get("c")]),
            Write(5, [Exists("b")], [], [Get("c")]),
        ];
        string[] answers = new string[transactions.Length];
        for (int i = 0; i < 3; i++) answers[i] = Render(pair.Source.Apply1(1, transactions[i]));
        pair.Copy();
        for (int i = 3; i < 5; i++) answers[i] = Render(pair.Source.Apply1(1, transactions[i]));
        pair.Finish();
        Assert.StartsWith("Ok: Ok@1 Ok@1=aaa", answers[0], StringComparison.Ordinal);
        for (int i = 0; i < 5; i++) Assert.Equal(answers[i], Render(pair.Destination.Apply1(1, transactions[i])));
        Assert.Equal(OperationStatus.Moving, pair.Source.Apply1(1, Write(6, [], [Get("a")])).Status);
        Assert.Equal(OperationStatus.Moving, pair.Source.Query(Transactions.Read([], [Get("a")]))[0].Status);
        Assert.StartsWith("Ok: Ok@", Render(pair.Destination.Query(Transactions.Read([], [Get("a")]))[0]), StringComparison.Ordinal);
    }

    [Fact]
    public void SessionFullOfBodies_IsBusy_UntilTheyAreAcknowledged()
    {
        _store.Apply1(1, TestStore.Put(1, "a", new string('a', 20)));
        long sequence = 1;
        string answer;
        do
        {
            answer = Apply(Write(++sequence, [], [Get("a"), Put("n", $"{sequence}")]));
        }
        while (answer.StartsWith("Ok: Ok@1=", StringComparison.Ordinal) && sequence < 1000);
        Assert.Equal("Busy", answer);
        Assert.InRange(sequence, 3000 / 80, 3000 / 20);
        Assert.Equal("Busy", Apply(Write(sequence, [], [Get("a"), Put("n", "again")])));
        Assert.Equal($"{sequence - 1}", _store.Get("n").Value);
        // Other operations of the session go on, and as soon as something is acknowledged, transactions do.
        Assert.Equal(OperationStatus.Ok, _store.Apply1(1, TestStore.Put(sequence + 1, "b", "1")).Status);
        Assert.StartsWith("Ok: Ok@1=", Apply(Write(sequence, [], [Get("a"), Put("n", "now")], floor: sequence - 1)), StringComparison.Ordinal);
    }

    [Fact]
    public void ReplyOfABatch_IsBounded_AndAllReplicasAgreeOnWhatIsLeftForLater()
    {
        KeyValueLimits limits = _limits with { MaxReplyBytes = 150 };
        var store = new TestStore(limits, ShardFunction.HashTag(1));
        var silent = new TestStore(limits, ShardFunction.HashTag(1));
        var builder = new WriteBatchBuilder(limits);
        builder.Begin(Client(1));
        builder.TryAdd(TestStore.Put(1, "a", new string('a', 20)));
        for (int i = 2; i < 12; i++) builder.TryAdd(Write(i, [], [Get("a"), Put($"k{i}", "1")]));
        byte[] batch = builder.ToArray();
        string[] lines = [.. TestStore.Read(store.ApplyPayload(batch, wantResult: true)).Select(Render)];
        silent.ApplyPayload(batch, wantResult: false);
        Assert.Equal(store.Machine.Digest, silent.Machine.Digest);
        Assert.Contains("Busy", lines);
        Assert.Equal(lines.Count(line => line.StartsWith("Ok: ", StringComparison.Ordinal)), store.Scan(prefix: "k").Keys.Length);
        // The client sends again what was left.
        Assert.StartsWith("Ok: ", Render(store.Apply1(1, Write(11, [], [Get("a"), Put("k11", "1")]))), StringComparison.Ordinal);
    }

    [Fact]
    public void KeysOfSeveralShards_AreRefused_WithTheTagToUse()
    {
        ShardFunction shards = ShardFunction.Default;
        byte[] body = TransactionCodec.Encode([Exists("alice")], [Put("bob", "1"), Get("alice")], []);
        ValidationError error = TransactionShards.Check(body, shards);
        Assert.Equal(ValidationReason.ManyShards, error.Reason);
        Assert.Equal(
            $"The transaction's keys are in several shards, and one transaction is of one shard: 'alice' in shard {shards.Of("alice"u8)}, "
            + $"'bob' in shard {shards.Of("bob"u8)}. Keys with the same {{tag}} share a shard; so name them '{{alice}}alice', '{{alice}}bob'.",
            error.Message);
        Assert.False(TransactionShards.Check(TransactionCodec.Encode([Exists("{alice}alice")], [Put("{alice}bob", "1")], []), shards).IsError);

        string tagged = TransactionShards.Check(TransactionCodec.Encode([Exists("bob")], [Put("{alice}x", "1")], []), shards).Message!;
        Assert.Contains("'{alice}bob', '{alice}x'", tagged, StringComparison.Ordinal);
        string labs = TransactionShards.Check(body, ShardFunction.FirstByteModulo(10)).Message!;
        Assert.Contains("keys with the same first byte share a shard", labs, StringComparison.Ordinal);
        Assert.Contains("in several shards", new TestStore().Machine.Validate(Batch(Write(1, body)), isQuery: false), StringComparison.Ordinal);
    }

    [Fact]
    public void TooManyOrTooLarge_IsRefused()
    {
        KeyValueLimits limits = _limits with { MaxTransactionOperations = 3, MaxTransactionBytes = 60 };
        Assert.False(BatchValidator.CheckTransaction(TransactionCodec.Encode([Exists("a")], [Get("a")], [Get("a")]), limits).IsError);
        Check(ValidationReason.TransactionTooLarge, "more than 3", TransactionCodec.Encode([Exists("a")], [Get("a"), Get("a")], [Get("a")]));
        Check(ValidationReason.TransactionTooLarge, "the limit is 60", TransactionCodec.Encode([], [Put("a", new string('x', 20)), Put("b", new string('x', 40))], []));
        Check(ValidationReason.ValueTooLarge, "then 1: The value has 21 bytes", TransactionCodec.Encode([], [Put("a", new string('x', 21))], []));
        Check(ValidationReason.KeyEmpty, "compare 1: The key is empty", TransactionCodec.Encode([Exists("")], [], []));
        Check(ValidationReason.Malformed, "neither a comparison nor an operation", TransactionCodec.Encode([], [], []));

        void Check(ValidationReason reason, string part, byte[] body)
        {
            ValidationError error = BatchValidator.CheckTransaction(body, limits);
            Assert.Equal(reason, error.Reason);
            Assert.Contains(part, error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void OldBatches_AreWrittenAsBefore_AndTransactionsAreNewerToOldPrograms()
    {
        Assert.Equal(KeyValueCodec.FirstVersion, Batch(TestStore.Put(1, "a", "1"))[1]);
        Assert.Equal(2, Batch(Write(1, [], [Get("a")]))[1]);
        byte[] wrong = Batch(Write(1, [], [Get("a")]));
        wrong[1] = 1;
        Assert.Contains("format 1", _store.Machine.Validate(wrong, isQuery: false), StringComparison.Ordinal);
    }

    [Fact]
    public void WritingTransaction_IsNoRead()
    {
        var builder = new ReadBatchBuilder(_limits);
        builder.Begin();
        Assert.True(builder.TryAdd(Transactions.Read([], [Put("a", "1")])));
        Assert.Contains("writes", _store.Machine.Validate(builder.ToArray(), isQuery: true), StringComparison.Ordinal);
    }

    private static byte[] Batch(WriteOperation operation)
    {
        var builder = new WriteBatchBuilder(_limits);
        builder.Begin(Client(1));
        Assert.True(builder.TryAdd(operation));
        return builder.ToArray();
    }

    private string Apply(WriteOperation operation) => Render(_store.Apply1(1, operation));
}

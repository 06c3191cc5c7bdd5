using static Quorleans.KeyValue.Tests.TestStore;
using static System.Text.Encoding;

namespace Quorleans.KeyValue.Tests;

public sealed class LimitTests
{
    private static readonly ShardFunction _oneShard = ShardFunction.HashTag(1);
    private static readonly KeyValueLimits _limits = KeyValueLimits.Default with
    {
        MaxKeyBytes = 10, MaxValueBytes = 100, MaxBatchOperations = 3, MaxBatchBytes = 400, MaxScanItems = 50,
    };

    [Theory]
    [InlineData("", 1, ValidationReason.KeyEmpty, "empty")]
    [InlineData("12345678901", 1, ValidationReason.KeyTooLong, "11 bytes; the limit is 10")]
    [InlineData("k", 101, ValidationReason.ValueTooLarge, "101 bytes; the limit is 100")]
    [InlineData("1234567890", 100, ValidationReason.None, null)]
    public void Write_IsCheckedAgainstTheLimits(string key, int valueLength, ValidationReason reason, string? text)
    {
        WriteOperation operation = Put(1, key, new string('v', valueLength));
        ValidationError own = BatchValidator.Check(operation, _limits);
        var generous = new WriteBatchBuilder(KeyValueLimits.Default);
        generous.Begin(Client(1));
        if (key.Length > 0) generous.TryAdd(operation);
        ValidationError onArrival = key.Length > 0 ? BatchValidator.CheckWrites(generous.ToArray(), _limits, _oneShard) : own;
        Assert.Equal((reason, reason), (own.Reason, onArrival.Reason));
        Assert.Equal(own.Message, onArrival.Message);
        if (text is not null) Assert.Contains(text, own.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void EmptyKey_IsRefusedOnArrival()
    {
        byte[] payload = [1, 1, .. new byte[15], 9, 1, (byte)OperationKind.Put, 1, 1, 0, 0, 0];
        Assert.Equal(ValidationReason.KeyEmpty, BatchValidator.CheckWrites(payload, _limits, _oneShard).Reason);
        payload = [2, 1, 1, (byte)OperationKind.Get, 0];
        Assert.Equal(ValidationReason.KeyEmpty, BatchValidator.CheckReads(payload, _limits, _oneShard).Reason);
    }

    [Fact]
    public void BatchBuilder_IsFull_AtTheLimitOfOperationsAndOfBytes()
    {
        var builder = new WriteBatchBuilder(_limits);
        builder.Begin(Client(1));
        for (int i = 1; i <= 3; i++) Assert.True(builder.TryAdd(Put(i, "k", "v")));
        Assert.False(builder.TryAdd(Put(4, "k", "v")));
        Assert.Equal(3, builder.Count);

        builder.Begin(Client(1));
        Assert.True(builder.TryAdd(Put(1, "1234567890", new string('v', 100))));
        Assert.True(builder.TryAdd(Put(2, "1234567890", new string('v', 100))));
        Assert.False(builder.TryAdd(Put(3, "1234567890", new string('v', 100))));
        Assert.False(BatchValidator.CheckWrites(builder.ToArray(), _limits, _oneShard).IsError);
    }

    [Fact]
    public void OversizedBatches_AreRefusedOnArrival()
    {
        var builder = new WriteBatchBuilder(KeyValueLimits.Default);
        builder.Begin(Client(1));
        for (int i = 1; i <= 4; i++) builder.TryAdd(Put(i, "k", "v"));
        Assert.Equal(ValidationReason.TooManyOperations, BatchValidator.CheckWrites(builder.ToArray(), _limits, _oneShard).Reason);
        Assert.Equal(ValidationReason.BatchTooLarge, BatchValidator.CheckWrites(new byte[401], _limits, _oneShard).Reason);
        Assert.Equal(ValidationReason.BatchTooLarge, BatchValidator.CheckReads(new byte[401], _limits, _oneShard).Reason);
    }

    [Fact]
    public void NewerFormat_IsToldApartFromNonsense()
    {
        Assert.Equal(ValidationReason.NewerVersion, BatchValidator.CheckWrites([1, 3], _limits, _oneShard).Reason);
        Assert.Equal(ValidationReason.NewerVersion, BatchValidator.CheckReads([2, 200], _limits, _oneShard).Reason);
        Assert.Equal(ValidationReason.Malformed, BatchValidator.CheckWrites([2, 1, 0], _limits, _oneShard).Reason);
        Assert.Equal(ValidationReason.Malformed, BatchValidator.CheckWrites([], _limits, _oneShard).Reason);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(51)]
    public void ScanLimit_IsChecked(int limit) => Assert.Equal(
        ValidationReason.ScanLimit, BatchValidator.Check(ReadOperation.Scan(default, default, default, default, limit), _limits).Reason);

    [Fact]
    public void StateMachine_ValidatesBothKinds()
    {
        var machine = new Store.KeyValueStateMachine();
        Assert.NotNull(machine.Validate(new byte[] { 1, 1 }, isQuery: false));
        Assert.NotNull(machine.Validate(new byte[] { 1, 1 }, isQuery: true));
        Assert.Null(machine.Validate(new byte[] { 2, 1, 0 }, isQuery: true));
    }

    [Fact]
    public void Limits_MustFitTogether()
    {
        Assert.Null(KeyValueLimits.Default.Problem());
        KeyValueLimits tooSmall = KeyValueLimits.Default with { MaxBatchBytes = 1 << 20 };
        Assert.Contains("MaxBatchBytes", tooSmall.Problem(), StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => new Store.KeyValueStateMachine(ShardFunction.Default, tooSmall));
    }

    [Theory]
    [InlineData("{a}x", true)]
    [InlineData("user{a}", true)]
    [InlineData("{a", false)]
    [InlineData("{}a", false)]
    [InlineData("a", false)]
    [InlineData("", false)]
    public void ShardFunction_KnowsAPrefixWithATag(string prefix, bool known)
    {
        Assert.Equal(known, ShardFunction.Default.TryOfPrefix(UTF8.GetBytes(prefix), out ShardId shard));
        if (known) Assert.Equal(ShardFunction.Default.Of(UTF8.GetBytes(prefix + "rest}")), shard);
    }

    [Fact]
    public void ShardFunction_HashesTheTagAlone()
    {
        ShardFunction function = ShardFunction.Default;
        Assert.Equal(Of("user"), Of("{user}:1"));
        Assert.Equal(Of("{user}:1"), Of("x{user}:2"));
        Assert.Equal(Of("a"), Of("x}{a}{b}"));
        Assert.NotEqual(Of("a{}b1"), Of("a{}b2"));
        ShardId Of(string key) => function.Of(UTF8.GetBytes(key));
    }

    [Fact]
    public void ShardFunction_IsStable_AndSpreadsEvenly()
    {
        // Recorded: a change of the function would lose every key of existing clusters.
        Assert.Equal([49, 55, 62], new[] { "a", "key-1", "{tag}x" }.Select(k => ShardFunction.Default.Of(UTF8.GetBytes(k)).Value));
        var counts = new int[64];
        for (int i = 0; i < 64_000; i++) counts[ShardFunction.Default.Of(UTF8.GetBytes("key-" + i)).Value]++;
        Assert.All(counts, count => Assert.InRange(count, 850, 1150));
    }

    [Fact]
    public void ShardFunction_OfTheLabs_IsTheFirstByteModulo10() =>
        Assert.Equal(Enumerable.Range(0, 10).Select(i => (i + 8) % 10), Enumerable.Range(0, 10).Select(i =>
            ShardFunction.FirstByteModulo(10).Of(UTF8.GetBytes(i.ToString(System.Globalization.CultureInfo.InvariantCulture))).Value));

    [Theory]
    [InlineData("hash-tag-v1:64")]
    [InlineData("first-byte-v1:10")]
    public void ShardFunction_IsFoundByItsName(string name) => Assert.Equal(name, ShardFunction.Parse(name).Name);

    [Theory]
    [InlineData("hash-tag-v2:64")]
    [InlineData("hash-tag-v1:0")]
    [InlineData("hash-tag-v1:4097")]
    [InlineData("64")]
    public void ShardFunction_IsRefused_WhenUnknown(string name) => Assert.Throws<FormatException>(() => ShardFunction.Parse(name));

    [Fact]
    public void ClientId_IsReadBackFromText()
    {
        var client = new ClientId(UInt128.MaxValue / 3);
        Assert.True(ClientId.TryParse(client.ToString(), out ClientId read));
        Assert.Equal(client, read);
        Assert.False(ClientId.TryParse("123", out _));
    }
}

using CsCheck;
using static System.Text.Encoding;

namespace Quorleans.KeyValue.Tests;

public sealed class CodecTests
{
    private static readonly ShardFunction _oneShard = ShardFunction.HashTag(1);
    private static readonly KeyValueLimits _limits = KeyValueLimits.Default with { MaxKeyBytes = 100, MaxValueBytes = 1000, MaxBatchBytes = 20_000 };

    private static readonly Gen<byte[]> _key = Gen.Byte.Array[1, 100];
    private static readonly Gen<byte[]> _value = Gen.Byte.Array[0, 300];

    private static readonly Gen<TransactionCompare> _compare =
        from key in _key
        from target in Gen.OneOf(CompareTarget.Version, CompareTarget.Value)
        from compared in Gen.OneOf(CompareOperator.Equal, CompareOperator.NotEqual, CompareOperator.Less, CompareOperator.Greater)
        from version in Gen.Long[0, long.MaxValue]
        from value in _value
        select new TransactionCompare(
            key, target, compared, target == CompareTarget.Version ? version : 0, target == CompareTarget.Value ? value : default(ReadOnlyMemory<byte>));

    private static readonly Gen<byte[]> _transaction =
        from compares in _compare.Array[0, 3]
        from then in Step(OperationKind.Put, OperationKind.Append, OperationKind.Delete, OperationKind.Get).Array[1, 3]
        from otherwise in Step(OperationKind.Put, OperationKind.Append, OperationKind.Delete, OperationKind.Get).Array[0, 3]
        select TransactionCodec.Encode(compares, then, otherwise);

    private static readonly Gen<WriteOperation> _write =
        from kind in Gen.OneOf(OperationKind.Put, OperationKind.Append, OperationKind.Delete, OperationKind.CompareAndSet, OperationKind.Transaction)
        from sequence in Gen.Long[1, long.MaxValue]
        from floor in Gen.Long[0, sequence - 1]
        from deadline in Gen.Long[0, long.MaxValue]
        from expected in Gen.Long[0, long.MaxValue]
        from key in _key
        from value in _value
        from body in _transaction
        select kind == OperationKind.Transaction
            ? new WriteOperation
            {
                Kind = kind, Sequence = sequence, Floor = floor, DeadlineMs = deadline, Key = TransactionCodec.FirstKey(body).ToArray(), Value = body,
            }
            : new WriteOperation
            {
                Kind = kind, Sequence = sequence, Floor = floor, DeadlineMs = deadline, Key = key,
                Value = kind == OperationKind.Delete ? default : value,
                ExpectedVersion = kind == OperationKind.CompareAndSet ? expected : 0,
            };

    private static readonly Gen<ReadOperation> _read = Gen.OneOf(
        _key.Select(key => ReadOperation.Get(key)),
        Gen.Select(_compare.Array[0, 3], Step(OperationKind.Get).Array[1, 3]).Select((compares, steps) =>
        {
            byte[] body = TransactionCodec.Encode(compares, steps, steps);
            return ReadOperation.Transaction(TransactionCodec.FirstKey(body).ToArray(), body);
        }),
        Gen.Select(_value.Select(Short), _value.Select(Short), _value.Select(Short), _value.Select(Short), Gen.Int[1, 10_000], Gen.Byte.Array[0, ShardBits.MaxBytes])
            .Select((prefix, from, to, after, limit, shards) => ReadOperation.Scan(prefix, from, to, after, limit, shards)));

    [Fact]
    public void Writes_ComeBackAsTheyWere() => _write.Array[1, 20].Sample(operations =>
    {
        byte[] payload = Encode(operations);
        Assert.False(BatchValidator.CheckWrites(payload, _limits, _oneShard).IsError);
        var reader = new WriteBatchReader(payload);
        Assert.Equal(TestStore.Client(7), reader.Client);
        Assert.Equal(operations.Length, reader.Count);
        foreach (WriteOperation expected in operations)
        {
            Assert.True(reader.TryRead(out WriteOperationView read));
            Assert.Equal(
                (expected.Kind, expected.Sequence, expected.Floor, expected.DeadlineMs, expected.ExpectedVersion),
                (read.Kind, read.Sequence, read.Floor, read.DeadlineMs, read.ExpectedVersion));
            Assert.True(read.Key.SequenceEqual(expected.Key.Span) && read.Value.SequenceEqual(expected.Value.Span));
        }

        Assert.False(reader.TryRead(out _));
        Assert.False(reader.Error.IsError);
    }, iter: 300);

    [Fact]
    public void Reads_ComeBackAsTheyWere() => _read.Array[0, 20].Sample(operations =>
    {
        byte[] payload = Encode(operations);
        Assert.False(BatchValidator.CheckReads(payload, _limits, _oneShard).IsError);
        var reader = new ReadBatchReader(payload);
        Assert.Equal(operations.Length, reader.Count);
        foreach (ReadOperation expected in operations)
        {
            Assert.True(reader.TryRead(out ReadOperationView read));
            Assert.Equal((expected.Kind, expected.Limit), (read.Kind, read.Limit));
            Assert.True(read.Key.SequenceEqual(expected.Key.Span) && read.From.SequenceEqual(expected.From.Span)
                && read.To.SequenceEqual(expected.To.Span) && read.After.SequenceEqual(expected.After.Span)
                && read.Body.SequenceEqual(expected.Body.Span));
        }

        Assert.False(reader.TryRead(out _));
        Assert.False(reader.Error.IsError);
    }, iter: 300);

    [Fact]
    public void Results_ComeBackAsTheyWere()
    {
        var builder = new ResultBatchBuilder();
        for (int round = 0; round < 2; round++)
        {
            builder.Begin(7);
            builder.Add(OperationStatus.Ok, 12345678901);
            builder.AddValue("value"u8, 3);
            builder.BeginScan();
            builder.AddScanItem("k1"u8, "v1"u8, 1);
            builder.AddScanItem("k2"u8, ""u8, 2);
            builder.EndScan("k2"u8);
            builder.AddOwner(OperationStatus.Moving, new OwnerHint(3, 17, 25));
            builder.BeginScan();
            builder.EndScan(default);
            builder.Add(OperationStatus.NotFound, 0);
            builder.BeginScan();
            builder.AddScanItem("k3"u8, ""u8, 3);
            builder.EndScan("k3"u8, [0x81]);
            OperationResult[] results = TestStore.Read(builder.Build());

            Assert.Equal(new OperationResult { Status = OperationStatus.Ok, Version = 12345678901 }, results[0]);
            Assert.Equal(("value", 3), (UTF8.GetString(results[1].Value.Span), results[1].Version));
            var items = new List<(string, string, long)>();
            foreach (KeyValueItem item in results[2].Items)
                items.Add((UTF8.GetString(item.Key.Span), UTF8.GetString(item.Value.Span), item.Version));
            Assert.Equal([("k1", "v1", 1), ("k2", "", 2)], items);
            Assert.Equal("k2", UTF8.GetString(results[2].Continuation!.Value.Span));
            Assert.Equal((OperationStatus.Moving, new OwnerHint(3, 17, 25)), (results[3].Status, results[3].Owner));
            Assert.Equal((0, null, null), (results[4].Items.Count, results[4].Continuation, results[4].Covered));
            Assert.Equal(new OperationResult { Status = OperationStatus.NotFound }, results[5]);
            Assert.Equal([0x81], results[6].Covered!.Value.ToArray());
            Assert.Equal("k3", UTF8.GetString(results[6].Continuation!.Value.Span));
        }
    }

    [Fact]
    public void BuiltResults_AreNotWrittenAgain()
    {
        var builder = new ResultBatchBuilder();
        byte[] large = new byte[100_000];
        builder.Begin(1);
        builder.AddValue(large, 1);
        ReadOnlyMemory<byte> first = builder.Build();
        builder.Begin(1);
        builder.AddValue("other"u8, 2);
        builder.Build();
        Assert.Equal(large, Assert.Single(TestStore.Read(first)).Value.ToArray());
    }

    /// <summary>Every change of a batch is either found to be malformed or is another batch in its one encoding; nothing throws.</summary>
    [Fact]
    public void DamagedWrites_AreRefusedOrReadConsistently() => Gen.Select(_write.Array[1, 4], Damage).Sample((operations, damage) =>
    {
        byte[] payload = damage(Encode(operations));
        ValidationError error = BatchValidator.CheckWrites(payload, _limits, _oneShard);
        if (error.IsError)
        {
            Assert.False(string.IsNullOrEmpty(error.Message));
            return;
        }

        var reader = new WriteBatchReader(payload);
        var builder = new WriteBatchBuilder(_limits);
        builder.Begin(reader.Client);
        while (reader.TryRead(out WriteOperationView read))
        {
            Assert.True(builder.TryAdd(new WriteOperation
            {
                Kind = read.Kind, Sequence = read.Sequence, Floor = read.Floor, DeadlineMs = read.DeadlineMs,
                ExpectedVersion = read.ExpectedVersion, Key = read.Key.ToArray(), Value = read.Value.ToArray(),
            }));
        }

        Assert.Equal(payload, builder.ToArray());
    }, iter: 20_000);

    [Fact]
    public void DamagedReads_AreRefusedOrReadConsistently() => Gen.Select(_read.Array[0, 4], Damage).Sample((operations, damage) =>
    {
        byte[] payload = damage(Encode(operations));
        if (BatchValidator.CheckReads(payload, _limits, _oneShard).IsError) return;
        var reader = new ReadBatchReader(payload);
        var builder = new ReadBatchBuilder(_limits);
        builder.Begin();
        while (reader.TryRead(out ReadOperationView read))
        {
            Assert.True(builder.TryAdd(read.Kind == OperationKind.Get ? ReadOperation.Get(read.Key.ToArray())
                : read.Kind == OperationKind.ReadTransaction ? ReadOperation.Transaction(read.Key.ToArray(), read.Body.ToArray())
                : ReadOperation.Scan(read.Key.ToArray(), read.From.ToArray(), read.To.ToArray(), read.After.ToArray(), read.Limit, read.Shards.ToArray())));
        }

        Assert.Equal(payload, builder.ToArray());
    }, iter: 20_000);

    [Fact]
    public void DamagedResults_NeverThrow() => Damage.Sample(damage =>
    {
        var builder = new ResultBatchBuilder();
        builder.Begin(3);
        builder.AddValue("value"u8, 3);
        builder.BeginScan();
        builder.AddScanItem("k1"u8, "v1"u8, 1);
        builder.EndScan("k1"u8, [0x05]);
        builder.AddOwner(OperationStatus.WrongShard, new OwnerHint(3, 17, 25));
        var reader = new ResultBatchReader(damage(builder.Build().ToArray()));
        int read = 0;
        while (reader.TryRead(out OperationResult result))
        {
            int items = 0;
            foreach (KeyValueItem item in result.Items) items += item.Key.IsEmpty ? 1 : 1;
            Assert.Equal(result.Items.Count, items);
            read++;
        }

        Assert.True(reader.Error.IsError || read == reader.Count);
    }, iter: 20_000);

    [Fact]
    public void RandomBytes_NeverThrow() => Gen.Byte.Array[0, 60].Sample(bytes =>
    {
        BatchValidator.CheckWrites(bytes, _limits, _oneShard);
        BatchValidator.CheckReads(bytes, _limits, _oneShard);
        if (bytes.Length > 2) (bytes[0], bytes[1]) = (KeyValueCodec.WriteBatch, KeyValueCodec.FirstVersion);
        BatchValidator.CheckWrites(bytes, _limits, _oneShard);
        if (bytes.Length > 2) bytes[0] = KeyValueCodec.ReadBatch;
        BatchValidator.CheckReads(bytes, _limits, _oneShard);
    }, iter: 20_000);

    /// <summary>A body is one encoding of one transaction: what is read of a damaged one encodes to the same bytes again.</summary>
    [Fact]
    public void DamagedTransactions_AreRefusedOrReadConsistently() => Gen.Select(_transaction, Damage).Sample((body, damage) =>
    {
        body = damage(body);
        if (TransactionCodec.Check(body, out bool isReadOnly) is { } problem)
        {
            Assert.False(string.IsNullOrEmpty(problem));
            return;
        }

        var reader = new TransactionReader(body);
        var compares = new TransactionCompare[reader.Count()];
        for (int i = 0; i < compares.Length; i++)
        {
            Assert.Null(reader.ReadCompare(out TransactionCompareView read));
            compares[i] = new TransactionCompare(read.Key.ToArray(), read.Target, read.Operator, read.Version, read.Value.ToArray());
        }

        TransactionStep[] then = ReadSteps(ref reader), otherwise = ReadSteps(ref reader);
        Assert.Equal(isReadOnly, then.Concat(otherwise).All(step => step.Kind == OperationKind.Get));
        Assert.Equal(body, TransactionCodec.Encode(compares, then, otherwise));
    }, iter: 20_000);

    private static TransactionStep[] ReadSteps(ref TransactionReader reader)
    {
        var steps = new TransactionStep[reader.Count()];
        for (int i = 0; i < steps.Length; i++)
        {
            Assert.Null(reader.ReadStep(out TransactionStepView read));
            steps[i] = new TransactionStep(read.Kind, read.Key.ToArray(), read.Value.ToArray());
        }

        return steps;
    }

    private static Gen<TransactionStep> Step(params OperationKind[] kinds) =>
        from kind in Gen.Int[0, kinds.Length - 1].Select(i => kinds[i])
        from key in _key
        from value in _value
        select new TransactionStep(kind, key, kind is OperationKind.Put or OperationKind.Append ? value : default(ReadOnlyMemory<byte>));

    private static Gen<Func<byte[], byte[]>> Damage { get; } =
        from kind in Gen.Int[0, 5]
        from position in Gen.Double.Unit
        from value in Gen.Byte
        from mask in Gen.OneOf<byte>(1, 0x80, 0x7f, 0xff)
        select new Func<byte[], byte[]>(bytes =>
        {
            int at = (int)(position * bytes.Length);
            switch (kind)
            {
                case 0: return bytes[..at];
                case 1: return [.. bytes, value];
                case 2: bytes[at] ^= mask; return bytes;
                case 3: bytes[at] = value; return bytes;
                case 4: return [.. bytes[..at], value, .. bytes[at..]];
                default: return [.. bytes[..at], .. bytes[(at + 1)..]];
            }
        });

    private static byte[] Encode(WriteOperation[] operations)
    {
        var builder = new WriteBatchBuilder(_limits);
        builder.Begin(TestStore.Client(7));
        foreach (WriteOperation operation in operations) Assert.True(builder.TryAdd(operation));
        byte[] payload = builder.ToArray();
        Assert.InRange(payload.Length, 1, builder.Length);
        return payload;
    }

    private static byte[] Encode(ReadOperation[] operations)
    {
        var builder = new ReadBatchBuilder(_limits);
        builder.Begin();
        foreach (ReadOperation operation in operations) Assert.True(builder.TryAdd(operation));
        byte[] payload = builder.ToArray();
        Assert.InRange(payload.Length, 1, builder.Length);
        return payload;
    }

    private static byte[] Short(byte[] bytes) => bytes[..Math.Min(bytes.Length, 100)];
}

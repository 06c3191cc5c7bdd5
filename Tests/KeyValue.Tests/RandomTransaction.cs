namespace Quorleans.KeyValue.Tests;

/// <summary>Transactions from a die: some compare with what is there, some with what is not; some write and some only read.</summary>
internal static class RandomTransaction
{
    /// <param name="sequence">The operation's sequence.</param>
    /// <param name="keys">Keys of one shard.</param>
    /// <param name="version">The first key's version, or nearly.</param>
    /// <param name="value">What is written.</param>
    /// <param name="dice">What decides.</param>
    /// <param name="deadline">The operation's deadline.</param>
    public static WriteOperation Of(long sequence, string[] keys, long version, string value, int dice, long deadline)
    {
        TransactionCompare[] compares = (dice % 7) switch
        {
            0 => [],
            1 => [Transactions.Exists(keys[0])],
            2 => [Transactions.Missing(keys[0]), Transactions.Version(keys[^1], CompareOperator.Less, 9)],
            3 => [Transactions.Value(keys[0], CompareOperator.Greater, "2")],
            4 => [Transactions.Value(keys[^1], CompareOperator.NotEqual, value), Transactions.Exists(keys[^1])],
            _ => [Transactions.Version(keys[0], CompareOperator.Equal, version)],
        };
        var then = new List<TransactionStep>();
        var otherwise = new List<TransactionStep>();
        for (int i = 0; i < 1 + dice / 7 % 6; i++)
        {
            then.Add(Step(keys[(dice + i) % keys.Length], value, dice / (i + 2) % 6));
            if (i % 2 == 0) otherwise.Add(Step(keys[(dice / 5 + i) % keys.Length], "e" + value, dice / (i + 3) % 7));
        }

        return Transactions.Write(sequence, compares, [.. then], [.. otherwise], deadline: deadline);
    }

    private static TransactionStep Step(string key, string value, int dice) => dice switch
    {
        0 => Transactions.Put(key, value),
        1 => Transactions.Delete(key),
        2 or 3 => Transactions.Append(key, value),
        _ => Transactions.Get(key),
    };
}

using System.Text;

namespace Quorleans.Benchmarks.MapReduce;

/// <summary>The inputs, the same for the same size.</summary>
internal static class Corpora
{
    private const int Words = 400_000;
    private const int SteepFrom = 6000;
    private const int BlockBytes = 4 << 20;
    private const string Letters = "etaoinshrdlcumwfgypbvkjxqz";

    /// <summary>Lines of words as frequent as in English: the r-th has a share of 1/r, beyond rank 6,000 of less; shorter ones are more frequent.</summary>
    public static void WriteText(string path, long bytes)
    {
        Random random = new(20261122);
        byte[][] words = [.. Enumerable.Range(0, Words).Select(rank => Word(random, 1 + (int)(Math.Log2(rank + 2) / 2.2)))];
        double[] cumulative = new double[Words];
        double sum = 0;
        for (int r = 0; r < Words; r++) cumulative[r] = sum += r < SteepFrom ? 1.0 / (r + 1) : Math.Pow(SteepFrom, 0.7) / Math.Pow(r + 1, 1.7);

        // A table of equal shares instead of a search for each word.
        int[] ranks = new int[1 << 22];
        for (int i = 0, r = 0; i < ranks.Length; i++)
        {
            while (cumulative[r] < sum * (i + 0.5) / ranks.Length) r++;
            ranks[i] = r;
        }

        using FileStream file = new(path, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 20);
        byte[] block = new byte[BlockBytes + 64];
        for (long written = 0; written < bytes;)
        {
            int used = 0;
            int line = 0;
            while (used < BlockBytes)
            {
                byte[] word = words[ranks[random.Next(ranks.Length)]];
                word.CopyTo(block, used);
                used += word.Length;
                line += word.Length + 1;
                if (random.Next(12) == 0) block[used++] = (byte)'.';
                block[used++] = (byte)(line > 60 ? '\n' : ' ');
                if (line > 60) line = 0;
            }

            int take = (int)Math.Min(used, bytes - written);
            file.Write(block, 0, take);
            written += take;
        }
    }

    /// <summary>Records of 100 printable bytes: ten random ones, then a number and filling, then a line feed, so that sort(1) can read them.</summary>
    public static void WriteRecords(string path, long bytes)
    {
        Random random = new(20261123);
        using FileStream file = new(path, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 20);
        byte[] record = new byte[100];
        record.AsSpan().Fill((byte)'x');
        record[99] = (byte)'\n';
        for (long n = 0; n < bytes / 100; n++)
        {
            for (int i = 0; i < 10; i++) record[i] = (byte)(' ' + random.Next(95));
            Encoding.ASCII.GetBytes(n.ToString("D20", System.Globalization.CultureInfo.InvariantCulture), record.AsSpan(11));
            record[10] = (byte)' ';
            file.Write(record);
        }
    }

    private static byte[] Word(Random random, int letters)
    {
        byte[] word = new byte[letters];
        for (int i = 0; i < letters; i++) word[i] = (byte)Letters[(int)(Letters.Length * Math.Pow(random.NextDouble(), 1.5))];
        if (random.Next(10) == 0) word[0] -= 32;
        return word;
    }
}

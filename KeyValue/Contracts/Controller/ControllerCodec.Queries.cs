using System.Text;

namespace Quorleans.KeyValue;

public static partial class ControllerCodec
{
    private const byte OfConfiguration = 1, OfMap = 2, OfPlan = 3;

    /// <summary>Encodes a query.</summary>
    /// <param name="query">The query.</param>
    /// <exception cref="ArgumentException">A number is below -1, or the command to be planned is a report.</exception>
    public static byte[] Encode(ControllerQuery query)
    {
        PayloadWriter writer = Begin(Query);
        switch (query)
        {
            case ConfigurationQuery configuration:
                if (configuration.Number < -1) throw new ArgumentException($"There is no configuration {configuration.Number}; ask for 0 and more, or -1 for the newest.", nameof(query));
                writer.Byte(OfConfiguration);
                writer.Varint(configuration.Number + 1 is var next and > 0 ? next : configuration.Number < 0 ? 0 : long.MaxValue);
                break;
            case MapQuery map:
                writer.Byte(OfMap);
                writer.Varint(Math.Max(-1, map.KnownRevision) + 1);
                break;
            case PlanQuery { Command: JoinCommand or LeaveCommand or MoveCommand or RebalanceCommand } plan:
                writer.Byte(OfPlan);
                writer.Byte(KindOf(plan.Command));
                WriteBody(writer, plan.Command);
                break;
            default:
                throw new ArgumentException("Only Join, Leave, Move and Rebalance can be planned.", nameof(query));
        }

        return writer.ToArray();
    }

    /// <summary>Reads a query.</summary>
    /// <param name="payload">The bytes.</param>
    /// <param name="query">The query; null when there is an error.</param>
    public static ValidationError TryRead(ReadOnlySpan<byte> payload, out ControllerQuery? query)
    {
        query = null;
        var reader = new PayloadReader(payload);
        ValidationError error = CheckHeader(ref reader, Query, "query");
        if (error.IsError) return error;
        ControllerQuery? read = reader.Byte() switch
        {
            OfConfiguration => new ConfigurationQuery(reader.Varint() - 1),
            OfMap => new MapQuery(reader.Varint() - 1),
            OfPlan when reader.Byte() is var kind and >= Join and <= Rebalance && ReadBody(ref reader, kind) is { } command => new PlanQuery(command),
            _ => null,
        };
        if (read is null || !reader.AtEnd) return Broken("query");
        query = read;
        return default;
    }

    /// <summary>Encodes a command's result.</summary>
    /// <param name="result">The result.</param>
    public static byte[] Encode(in ControllerResult result)
    {
        PayloadWriter writer = Begin(Result);
        Write(writer, result);
        return writer.ToArray();
    }

    /// <summary>Reads a command's result.</summary>
    /// <param name="payload">The bytes.</param>
    /// <param name="result">The result.</param>
    public static ValidationError TryRead(ReadOnlySpan<byte> payload, out ControllerResult result)
    {
        result = default;
        var reader = new PayloadReader(payload);
        ValidationError error = CheckHeader(ref reader, Result, "result");
        if (error.IsError) return error;
        if (!Read(ref reader, out ControllerResult read) || !reader.AtEnd) return Broken("result");
        result = read;
        return default;
    }

    internal static void Write(PayloadWriter writer, in ControllerResult result)
    {
        writer.Byte((byte)result.Status);
        writer.Varint(result.Number);
        writer.Varint((long)result.Subject.Length);
        Encoding.ASCII.GetBytes(result.Subject, writer.Reserve(result.Subject.Length));
    }

    internal static bool Read(ref PayloadReader reader, out ControllerResult result)
    {
        byte status = reader.Byte();
        long number = reader.Varint();
        ReadOnlySpan<byte> subject = reader.Bytes();
        result = default;
        if (reader.Failed || status is < (byte)ControllerStatus.Ok or > (byte)ControllerStatus.Busy || subject.Length > 64 || !Ascii.IsValid(subject)) return false;
        result = new ControllerResult((ControllerStatus)status, number, Encoding.ASCII.GetString(subject));
        return true;
    }
}
